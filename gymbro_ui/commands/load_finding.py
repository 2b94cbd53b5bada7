"""`load --find-safe`: search the most users with which everything holds, and print the answer."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from gymbro_ui.commands.attach import POLL_S, say_aside, wait
from services.foundation.errors import ConsoleError
from services.operator.client import OperatorClient

_OPEN = ("pending", "running")
_POLLS_MAX = round(4 * 60 * 60 / POLL_S)
FOUND, NONE = 0, 4


def run(client: OperatorClient, wanted: Mapping[str, Any], *, as_json: bool) -> int:
    """Return 0 with at least one safe user, 4 when not even one is safe or nothing was found."""
    execution_id = client.start_find(wanted)
    found = _follow(client, execution_id)
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(f"{found['words']}\n")
    return FOUND if found["safe_users"] else NONE


def _follow(client: OperatorClient, execution_id: str) -> dict[str, Any]:
    told = 0
    try:
        for _ in range(_POLLS_MAX):
            found = client.load_finding(execution_id)
            if found["status"] not in _OPEN:
                _tell(found["steps"][told:])
                return found
            ended = [step for step in found["steps"] if step["is_held"] or step["reason"]]
            _tell(ended[told:])
            told = max(told, len(ended))
            wait(POLL_S)
    except KeyboardInterrupt:
        client.cancel_execution(execution_id)
        say_aside("cancelled")
        return client.load_finding(execution_id)
    raise ConsoleError("The load test did not end")


def _tell(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        word = "held" if step["is_held"] else f"broke: {step['reason']}"
        say_aside(f"{step['users']:5} users {word}  {step['run_id']}")
