"""`e2e --once`: run one E2E, with or without a running console, and print its verdicts."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands.attach import POLL_S, open_console, say_aside, target_of, tell_refusal, wait
from services.foundation.errors import ConsoleError
from services.operator.client import OperatorClient

GOOD = 0
NOT_ALL_GOOD = 3
_MAX_S = 2 * 60 * 60


def run(arguments: Arguments) -> int:
    """Return 0 when every cell was judged and is good, 3 when not, 2 or 5 when it did not run."""
    try:
        with open_console(arguments) as client:
            launch_id = client.start_e2e(_wanted(arguments))
            launch = _follow(client, launch_id)
    except ConsoleError as error:
        return tell_refusal(error, NOT_ALL_GOOD)
    return _report(launch, as_json=arguments.options.json)


def _wanted(arguments: Arguments) -> dict[str, Any]:
    options = arguments.options
    wanted: dict[str, Any] = {
        "models": options.models,
        "user_types": options.user_types,
        "trigger": "command",
    }
    return wanted | target_of(options)


def _follow(client: OperatorClient, launch_id: str) -> dict[str, Any]:
    """Return the ended launch; tell each verdict on stderr as it comes."""
    told: set[tuple[str, str]] = set()
    end = time.monotonic() + _MAX_S
    try:
        while time.monotonic() < end:
            launch = client.launch(launch_id)
            for cell in _cells(launch):
                key = (cell["user_type"], cell["model_key"])
                if key not in told and cell["status"] not in ("pending", "running"):
                    told.add(key)
                    say_aside(_line(cell))
            if launch["status"] != "running":
                return launch
            wait(POLL_S)
    except KeyboardInterrupt:
        client.cancel_e2e(launch_id)
        say_aside("cancelled")
        return client.launch(launch_id)
    raise ConsoleError("The E2E did not end in {hours} h", hours=_MAX_S // 3600)


def _cells(launch: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"user_type": run["user_type"], **result}
        for run in launch["runs"]
        for result in run["results"]
    ]


def _line(cell: Mapping[str, Any]) -> str:
    took = f"{cell['latency_ms'] / 1000:.2f} s" if cell.get("latency_ms") is not None else "-"
    text = f"{cell['user_type']:<10} {cell['model_key']:<32} {cell['status']:<14} {took:>9}"
    return f"{text}  {cell['error']}" if cell.get("error") else text


def _report(launch: Mapping[str, Any], *, as_json: bool) -> int:
    cells = _cells(launch)
    good = sum(cell["status"] in ("ok", "slow") for cell in cells)
    all_good = bool(cells) and good == len(cells)
    if as_json:
        sys.stdout.write(json.dumps({"runs": launch["runs"]}, ensure_ascii=False, indent=2) + "\n")
    else:
        for run in launch["runs"]:
            if run.get("error_summary"):
                say_aside(f"{run['user_type']}: {run['error_summary']}")
        sys.stdout.write(f"{good} of {len(cells)} good\n")
    return GOOD if all_good else NOT_ALL_GOOD
