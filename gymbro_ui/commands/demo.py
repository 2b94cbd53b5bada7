"""`demo`: fill the store with a made-up past, or take it out, beside a running console or alone."""

import sys
from collections.abc import Mapping
from typing import Any

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands.attach import POLL_S, open_console, say_aside, tell_refusal, wait
from services.demo.types import FILL, KIND, REMOVE
from services.foundation.errors import ConsoleError
from services.operator.client import OperatorClient

DONE = 0
FAILED = 3
_POLLS_MAX = round(900 / POLL_S)
_OPEN = ("pending", "running")


def run(arguments: Arguments) -> int:
    """Return 0 when it is done, 2 for bad use, 3 when it failed, 5 while another one runs."""
    try:
        with open_console(arguments) as client:
            ended = _follow(client, client.start_execution(KIND, _wanted(arguments)))
    except ConsoleError as error:
        return tell_refusal(error, FAILED)
    if ended["status"] != "succeeded":
        say_aside(f"gymbro-console: {ended['status']} {ended['error']}".rstrip())
        return FAILED
    sys.stdout.write(_result(arguments, ended) + "\n")
    return DONE


def _wanted(arguments: Arguments) -> dict[str, Any]:
    options = arguments.options
    if options.remove:
        return {"act": REMOVE}
    return {"act": FILL, "days": options.days, "seed": options.seed}


def _follow(client: OperatorClient, execution_id: str) -> dict[str, Any]:
    """Return how it ended; Ctrl+C cancels it."""
    try:
        for _ in range(_POLLS_MAX):
            found = client.execution(execution_id)
            if found["status"] not in _OPEN:
                return found
            wait(POLL_S)
    except KeyboardInterrupt:
        client.cancel_execution(execution_id)
        say_aside("cancelled; `demo --remove` takes out what was made so far")
        return client.execution(execution_id)
    raise ConsoleError("It did not end")


def _result(arguments: Arguments, ended: Mapping[str, Any]) -> str:
    rows = ended["meta"]["rows"]
    if arguments.options.remove:
        return f"{rows} demo rows taken out"
    days = arguments.options.days
    return f"{rows} rows of {days} days, all marked demo; `demo --remove` takes them out"
