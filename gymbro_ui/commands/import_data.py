"""`import`: take the E2E history of an original GymBro server into this console's store."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from gymbro_ui.command_line import Arguments
from services.console import build_console
from services.foundation.errors import ConsoleError, InputError
from services.imports.service import Imports
from services.imports.types import ImportReport, Skipped
from services.opening import AlreadyRunningError

DONE = 0
BAD_USE = 2
IN_USE = 3
_SHOWN = 20  # rows named one by one; --json has them all


def run(arguments: Arguments) -> int:
    """Return 0 when done or rehearsed, 2 for a file that is no original, 3 while a console runs."""
    options = arguments.options
    try:
        console = build_console(arguments.env, one_shot=True)
    except AlreadyRunningError as error:
        return _refuse(f"{error} Stop it first: it would not see what is imported.", IN_USE)
    except ConsoleError as error:
        return _refuse(str(error), BAD_USE)
    try:
        imports = Imports(console.database, console.targets)
        path = Path(options.source).expanduser().resolve()
        report = asyncio.run(imports.run(path, is_rehearsal=options.dry_run))
        target = console.targets.current.name
    except InputError as error:
        return _refuse(str(error), BAD_USE)
    except ConsoleError as error:
        return _refuse(f"{error} What was stored before stays; the import can be repeated.", IN_USE)
    finally:
        console.close_now()
    found = json.dumps(asdict(report), ensure_ascii=False, indent=2)
    sys.stdout.write((found if options.json else _as_text(report, target)) + "\n")
    return DONE


def _as_text(report: ImportReport, target: str) -> str:
    verb = "would be taken" if report.is_rehearsal else "taken"
    lines = [
        f"{report.file}: {report.runs_found} E2E runs",
        f"  {report.runs_new} {verb}, with {report.results_new} results, as history of {target!r}",
        f"  {report.runs_known} were here already",
        f"  {len(report.skipped)} not taken",
        *_named(report.skipped),
    ]
    if report.remarks:
        lines += [f"  {len(report.remarks)} taken with a remark", *_named(report.remarks)]
    if report.left:
        counts = ", ".join(f"{name} {count}" for name, count in report.left.items())
        lines.append(f"Not imported by this version (rows): {counts}")
    return "\n".join(lines)


def _named(rows: tuple[Skipped, ...]) -> list[str]:
    lines = [f"    {one.row}: {one.reason}" for one in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        lines.append(f"    and {len(rows) - _SHOWN} more (--json names them)")
    return lines


def _refuse(text: str, code: int) -> int:
    sys.stderr.write(f"gymbro-console: {text}\n")
    return code
