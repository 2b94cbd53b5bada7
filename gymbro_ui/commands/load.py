"""`load`: run one load test, with or without a running console, and print its figures."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands import load_finding
from gymbro_ui.commands.attach import POLL_S, open_console, say_aside, target_of, tell_refusal, wait
from services.foundation.errors import ConsoleError, InputError
from services.operator.client import OperatorClient

HELD = 0
BROKEN = 4
_TELL_EVERY = 8  # polls
_POLLS_MAX = round(2 * 60 * 60 / POLL_S)
_OPEN = ("pending", "running")
_OPTIONS = (
    "users", "requests", "seconds", "rate", "ramp_s", "cap", "models", "message", "user_type",
    "sign_ins", "timeout_s", "stop_error_share", "stop_p95_ttft_ms", "confirm", "good_ttft_ms",
    "good_total_ms",
)  # fmt: skip


def run(arguments: Arguments) -> int:
    """Return 0 when every threshold held, 4 when one broke, 2 or 5 when it did not run."""
    try:
        return _run(arguments)
    except (ConsoleError, OSError) as error:
        return tell_refusal(error, BROKEN)


def _run(arguments: Arguments) -> int:
    options = arguments.options
    file, wanted = _file(options.export), _wanted(arguments)
    with open_console(arguments) as client:
        if options.forecast:
            return _show_forecast(client.forecast_load(wanted), as_json=options.json)
        if options.find_safe:
            return load_finding.run(client, wanted, as_json=options.json)
        found = _follow(client, client.start_load(wanted))
        if file is not None:
            keep_export(file, client.export_load(found["run_id"], file.suffix[1:]))
    return _report(found, as_json=options.json)


def keep_export(file: Path, content: bytes) -> None:
    """Write a whole file or leave what was there; raise OSError."""
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _wanted(arguments: Arguments) -> dict[str, Any]:
    options = arguments.options
    given = {name: getattr(options, name) for name in _OPTIONS}
    plan = {name: value for name, value in given.items() if value is not None}
    if options.stages:
        plan["stages"] = [_stage(text) for text in options.stages]
    if options.thresholds:
        plan["thresholds"] = [_threshold(text) for text in options.thresholds]
    if options.workers == "locust":
        plan |= {
            "locust_workers": options.locust_workers or None,
            "locust_remote": options.locust_remote or None,
            "locust_bind": options.locust_bind,
            "locust_port": options.locust_port,
        }
    return plan | target_of(options) | {"trigger": "command"}


def _stage(text: str) -> dict[str, float | int]:
    """Read `30:100` (users) or `30:50/s` (calls a second); raise InputError."""
    seconds, _, level = text.partition(":")
    try:
        if level.endswith("/s"):
            return {"seconds": float(seconds), "rate": float(level[:-2])}
        return {"seconds": float(seconds), "users": int(level)}
    except ValueError:
        raise InputError("--stage needs seconds:users or seconds:rate/s, not {value}",
                         value=text[:40]) from None  # fmt: skip


def _threshold(text: str) -> dict[str, str | float]:
    """Read `ttft_p95_ms=800`; raise InputError."""
    metric, _, limit = text.partition("=")
    try:
        return {"metric": metric.strip(), "limit": float(limit)}
    except ValueError:
        raise InputError("--threshold needs metric=limit, not {value}", value=text[:40]) from None


def _show_forecast(found: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return HELD
    about = "" if found["is_exact"] else "about "
    seconds = "unknown" if found["duration_s"] is None else f"{found['duration_s']:.0f} s"
    lines = [
        f"{about}{found['calls']} calls, up to {found['sign_ins']} sign-ins, "
        f"{found['streams']} streams at once in the {found['arrangement']}",
        f"duration {seconds}, expected 429s {found['expected_429']}, "
        f"files and sockets {found['descriptors']} of {found['descriptor_limit'] or 'unlimited'}",
        *(f"quota {one['family']}: {one['needed']} needed, "
          f"{'no limit' if one['room'] is None else one['room']}" for one in found["quotas"]),
        *(f"! {text}" for text in found["warnings"]),
    ]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    return HELD


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
    lines.append(f"engine {found['arrangement']}")
    for name, label in (
        ("ttft", "TTFT"), ("total", "total"), ("gaps", "gaps"), ("late", "late start"),
    ):  # fmt: skip
        if summary[name]["count"]:
            shown = "  ".join(
                f"{k} {summary[name][k]:.1f}" for k in ("mean", "p50", "p90", "p95", "p99", "max")
            )
            lines.append(f"{label:<11} ms  {shown}")
    if not summary["is_lag_sound"]:
        lag = summary["loop_lag"]["p99"]
        lines.append(f"! the engine's own loop was late (p99 {lag:.1f} ms): times may be too long")
    if summary["dropped_starts"]:
        lines.append(f"! {summary['dropped_starts']} starts found no room and were dropped")
    lines += [
        f"{'held  ' if one['is_held'] else 'BROKEN'} {one['words']}"
        for one in summary["thresholds"]
    ]
    return lines
