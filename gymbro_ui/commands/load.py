"""`load`: run one load test, with or without a running console, and print its figures."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands.attach import POLL_S, open_console, say_aside, target_of, wait
from services.foundation.errors import ConflictError, ConsoleError, InputError
from services.operator.client import OperatorClient

HELD = 0
BAD_USE = 2
BROKEN = 4
ALREADY_RUNNING = 5
_TELL_EVERY = 8  # polls
_POLLS_MAX = round(2 * 60 * 60 / POLL_S)
_OPEN = ("pending", "running")
_OPTIONS = (
    "users", "requests", "seconds", "rate", "ramp_s", "cap", "models", "message", "user_type",
    "sign_ins", "timeout_s", "stop_error_share", "stop_p95_ttft_ms", "confirm",
)  # fmt: skip


def run(arguments: Arguments) -> int:
    """Return 0 when every threshold held, 4 when one broke, 2 or 5 when it did not run."""
    try:
        file = _file(arguments.options.export)
        with open_console(arguments) as client:
            found = _follow(client, client.start_load(_wanted(arguments)))
            if file is not None:
                content = client.export_load(found["run_id"], file.suffix[1:])
                file.write_bytes(content)
    except ConflictError as error:
        say_aside(f"gymbro-console: {error}")
        return ALREADY_RUNNING
    except InputError as error:
        say_aside(f"gymbro-console: {error}")
        return BAD_USE
    except (ConsoleError, OSError) as error:
        say_aside(f"gymbro-console: {error}")
        return BROKEN
    return _report(found, as_json=arguments.options.json)


def _wanted(arguments: Arguments) -> dict[str, Any]:
    options = arguments.options
    given = {name: getattr(options, name) for name in _OPTIONS}
    plan = {name: value for name, value in given.items() if value is not None}
    return plan | target_of(options) | {"trigger": "command"}


def _file(name: str | None) -> Path | None:
    """Return where the calls go; raise InputError before anything runs when that cannot work."""
    if name is None:
        return None
    path = Path(name).absolute()
    if path.suffix not in (".csv", ".json"):
        raise InputError("--export needs a name that ends in .csv or .json")
    if not path.parent.is_dir():
        raise InputError("There is no folder {folder}", folder=str(path.parent))
    return path


def _follow(client: OperatorClient, run_id: str) -> dict[str, Any]:
    """Return the ended run; tell how far it is on stderr."""
    try:
        for poll in range(_POLLS_MAX):
            found = client.load_run(run_id)
            if found["status"] not in _OPEN:
                return found
            if poll % _TELL_EVERY == 0 and found["summary"]:
                say_aside(_now(found["summary"]))
            wait(POLL_S)
    except KeyboardInterrupt:
        client.cancel_load(run_id)
        say_aside("cancelled")
        return _ended(client, run_id)
    raise ConsoleError("The load test did not end")


def _ended(client: OperatorClient, run_id: str) -> dict[str, Any]:
    for _ in range(round(15 / POLL_S)):
        if (found := client.load_run(run_id))["status"] not in _OPEN:
            return found
        wait(POLL_S)
    return client.load_run(run_id)


def _now(summary: Mapping[str, Any]) -> str:
    counts = summary["counts"]
    ended = summary["requested"] - counts["not_started"]
    return f"{summary['elapsed_s']:8.1f} s  {ended} of {summary['requested']} ended, {counts['success']} good"


def _report(found: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(found)) + "\n")
    if found["error"]:
        say_aside(f"gymbro-console: {found['error']}")
    return HELD if found["status"] == "succeeded" else BROKEN


def _lines(found: Mapping[str, Any]) -> list[str]:
    summary = found["summary"]
    if summary is None:
        return [f"{found['run_id']}: {found['status']}"]
    lines = [
        f"{found['run_id']}: {found['status']}, {found['stored']} calls stored",
        "  ".join(f"{name} {count}" for name, count in summary["counts"].items()),
        f"{summary['elapsed_s']} s, {summary['rate_per_s']} calls/s, "
        f"at most {summary['peak_in_flight']} in flight, error share {summary['error_share']:.2%}",
    ]
    for name, label in (("ttft", "TTFT"), ("total", "total"), ("late", "late start")):
        if summary[name]["count"]:
            shown = "  ".join(
                f"{k} {summary[name][k]:.1f}" for k in ("p50", "p90", "p95", "p99", "max")
            )
            lines.append(f"{label:<11} ms  {shown}")
    if not summary["is_lag_sound"]:
        lag = summary["loop_lag"]["p99"]
        lines.append(f"! the console's own loop was late (p99 {lag:.1f} ms): times may be too long")
    if summary["dropped_starts"]:
        lines.append(f"! {summary['dropped_starts']} starts found no room and were dropped")
    return lines
