"""`import`: take an original GymBro database over, through the running console or alone."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands.attach import POLL_S, wait
from services.foundation.errors import ConflictError, ConsoleError, InputError
from services.operator.client import OperatorClient
from services.operator.presence import find_running, read_operator_token

DONE = 0
BAD_USE = 2
IN_USE = 3
REFUSED = 1  # asked, and not agreed to
_SHOWN = 20  # rows named one by one; --json has them all
_ENDED = ("succeeded", "failed", "cancelled", "interrupted", "timed_out")
Report = Mapping[str, Any]


class _Door(Protocol):
    def preview(self, path: str) -> Report:
        """Return what would be taken."""
        ...

    def take(self, path: str) -> Report:
        """Return what was taken."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


def run(arguments: Arguments) -> int:
    """Return 0 done or rehearsed, 1 not agreed to, 2 for a file that is no original, 3 else."""
    options = arguments.options
    path = str(Path(options.source).expanduser().resolve())
    try:
        door = _door(arguments)
        try:
            report = _work(door, path, options)
        finally:
            door.close()
    except ConflictError as error:
        return _refuse(str(error), IN_USE)
    except InputError as error:
        return _refuse(str(error), BAD_USE)
    except ConsoleError as error:
        return _refuse(f"{error} What was stored before stays; the import can be repeated.", IN_USE)
    if report is None:
        return _refuse("nothing was taken", REFUSED)
    found = json.dumps(report, ensure_ascii=False, indent=2) if options.json else as_text(report)
    sys.stdout.write(found + "\n")
    return DONE


def _work(door: _Door, path: str, options: Any) -> Report | None:
    """Return the report; None when a person at a terminal did not agree to the preview."""
    if options.dry_run:
        return door.preview(path)
    if sys.stdin.isatty() and not options.yes:
        preview = door.preview(path)
        sys.stderr.write(as_text(preview) + "\n")
        if not (preview["added"] or preview["changed"]):
            return preview
        sys.stderr.write("Take this over? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return None
    return door.take(path)


def _door(arguments: Arguments) -> _Door:
    running = find_running(arguments.env.data_dir)
    if running is None:
        return _Alone(arguments)
    token = read_operator_token(arguments.env.secrets_dir)
    return _Beside(OperatorClient(running.url, token))


class _Beside:
    """Through the console that runs: its pages show the import while it goes on."""

    def __init__(self, client: OperatorClient) -> None:
        self._client = client

    def preview(self, path: str) -> Report:
        return self._client.preview_import(path)

    def take(self, path: str) -> Report:
        execution_id = self._client.start_import(path)
        sys.stderr.write(f"{self._client.base_url}/executions/{execution_id}\n")
        while (state := self._client.execution(execution_id))["status"] not in _ENDED:
            wait(POLL_S)
        if state["status"] != "succeeded":
            reason = str(state.get("error") or state["status"])
            raise InputError("{reason}", reason=reason)
        return self._client.import_report(execution_id)

    def close(self) -> None:
        self._client.close()


class _Alone:
    """With the store opened for this command."""

    def __init__(self, arguments: Arguments) -> None:
        # Not needed beside a running console, and the slowest to load.
        from services.console import build_console  # noqa: PLC0415  # where none runs
        from services.imports.reports import report_values  # noqa: PLC0415  # where none runs

        self._console = build_console(arguments.env, one_shot=True)
        self._values = report_values

    def preview(self, path: str) -> Report:
        return self._run(path, is_rehearsal=True)

    def take(self, path: str) -> Report:
        return self._run(path, is_rehearsal=False)

    def _run(self, path: str, *, is_rehearsal: bool) -> Report:
        imports = self._console.importing.imports
        return self._values(asyncio.run(imports.run(Path(path), is_rehearsal=is_rehearsal)))

    def close(self) -> None:
        self._console.close_now()


def as_text(report: Report) -> str:
    """Return the report for a terminal: counts by table, then what is remarkable."""
    verb = "would be taken" if report["is_rehearsal"] else "taken"
    lines = [f"{report['file']}: {verb}"]
    lines += [
        f"  {one['table']}: {one['found']} rows, {one['added']} added, {one['known']} here already,"
        f" {one['changed']} changed, {one['skipped']} skipped"
        for one in report["tables"]
    ]
    lines.append(f"  keys and passwords for the secret store: {report['secrets_moved']}")
    lines.append(f"  runs and test users belong to {report['target']!r}")
    lines += [f"Note: {note}" for note in report["notes"]]
    lines += _named([one for one in report["rows"] if one["reasons"]])
    if report["left"]:
        counts = ", ".join(f"{name} {count}" for name, count in report["left"].items())
        lines.append(f"Never taken (rows): {counts}")
    return "\n".join(lines)


def _named(rows: list[Mapping[str, Any]]) -> list[str]:
    lines = [
        f"    {one['fate']} {one['table']} {one['row']}:"
        f" {'; '.join(cast('list[str]', one['reasons']))}"
        for one in rows[:_SHOWN]
    ]
    if len(rows) > _SHOWN:
        lines.append(f"    and {len(rows) - _SHOWN} more (--json names them)")
    return lines


def _refuse(text: str, code: int) -> int:
    sys.stderr.write(f"gymbro-console: {text}\n")
    return code
