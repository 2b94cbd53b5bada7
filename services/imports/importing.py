"""Importing: the preview of an import, its execution, and the report that stays."""

import asyncio
import json
import secrets as random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.executions.service import Executions
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionKind,
    ExecutionState,
    Trigger,
)
from services.foundation.errors import ConsoleError, InputError
from services.foundation.messages import say
from services.imports.reports import as_csv, as_json, report_values
from services.imports.service import Imports
from services.imports.snapshot import sweep
from services.imports.types import KIND, ImportReport, TableCount
from services.secrets.files import write_private

_REPORTS_KEPT = 20
_UPLOAD = "upload-"


class Importing:
    """Starts imports as executions of their own kind, one at a time."""

    def __init__(self, imports: Imports, executions: Executions) -> None:
        """Register the kind and remove what a killed process left."""
        self.imports = imports
        self._executions = executions
        self._previewing = asyncio.Lock()
        executions.register(self.kind)
        sweep(imports.folder)
        for left in imports.folder.glob(f"{_UPLOAD}*"):
            left.unlink(missing_ok=True)

    @property
    def kind(self) -> ExecutionKind:
        """The row of the table of kinds; only its own route and page start it: it reads files."""
        return ExecutionKind(
            KIND,
            say("Take over an original database").text,
            "move_to_inbox",
            self._run,
            group="maintenance",
            home="/settings",
            is_startable=False,
        )

    async def preview(self, path: Path) -> ImportReport:
        """Return what an import of the file would do; raise InputError where it is no original."""
        await _look_for(path)
        async with self._previewing:
            return await self.imports.run(path, is_rehearsal=True)

    async def preview_values(self, path: Path) -> dict[str, Any]:
        """Return the same as values for programs."""
        return report_values(await self.preview(path))

    async def start(
        self, path: Path, *, trigger: Trigger = Trigger.MANUAL, started_by: str = ""
    ) -> Execution:
        """Return the execution that takes the file; raise ConflictError while one runs."""
        await _look_for(path)
        params = {"path": str(path), "name": path.name}
        return await self._executions.start(KIND, params, trigger=trigger, started_by=started_by)

    def upload_place(self) -> Path:
        """Return where an uploaded file may be written; it is gone once it was taken or refused."""
        self.imports.folder.mkdir(parents=True, exist_ok=True)
        self.imports.folder.chmod(0o700)
        return self.imports.folder / f"{_UPLOAD}{random.token_hex(6)}.db"

    async def forget_upload(self, path: Path) -> None:
        """Remove a file that keep_upload() kept; any other is left alone."""
        if path.parent == self.imports.folder and path.name.startswith(_UPLOAD):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def report(self, execution_id: str) -> dict[str, Any] | None:
        """Return the report of an import; None for one that has none, or none any more."""
        path = self._report_path(execution_id)
        try:
            return json.loads(path.read_bytes()) if path is not None else None
        except (OSError, ValueError):
            return None

    def report_file(self, execution_id: str, kind: str) -> bytes | None:
        """Return the report as a file, csv or json; None where there is none."""
        values = self.report(execution_id)
        if values is None:
            return None
        return as_csv(values) if kind == "csv" else as_json(values)

    async def last(self) -> Execution | None:
        """Return the newest import."""
        found = [one for one in await self._executions.newest(200) if one.execution_type == KIND]
        return found[0] if found else None

    async def _run(self, params: Mapping[str, Any], control: Control) -> Ending:
        path = Path(str(params["path"]))
        try:
            report = await self.imports.run(path, progress=control.progress)
        except ConsoleError as error:
            return Ending(ExecutionState.FAILED, error_kind="import_failed", error=error.message)
        finally:
            await self.forget_upload(path)
        values = report_values(report)
        await asyncio.to_thread(self._keep, control.execution.execution_id, values)
        control.append_output(_as_text(report))
        counts = {name: values[name] for name in ("added", "known", "changed", "skipped")}
        return Ending(ExecutionState.SUCCEEDED, meta={**counts, "secrets": report.secrets_moved})

    def _keep(self, execution_id: str, values: dict[str, Any]) -> None:
        path = self._report_path(execution_id)
        assert path is not None  # ids of executions are plain
        write_private(path, as_json(values))
        found = sorted(
            self.imports.folder.glob("report-*.json"), key=lambda one: one.stat().st_mtime
        )
        for old in found[:-_REPORTS_KEPT]:
            old.unlink(missing_ok=True)

    def _report_path(self, execution_id: str) -> Path | None:
        if not execution_id.replace("_", "").isalnum():
            return None
        return self.imports.folder / f"report-{execution_id}.json"


def _as_text(report: ImportReport) -> str:
    lines = [_count(one) for one in report.tables]
    lines += [f"note: {note}" for note in report.notes]
    for line in report.remarks:
        lines.append(f"{line.fate} {line.table} {line.row}: {'; '.join(map(str, line.reasons))}")
    return "\n".join(lines) + "\n"


def _count(one: TableCount) -> str:
    return (
        f"{one.table}: {one.found} rows, {one.added} added, {one.known} here already,"
        f" {one.changed} changed, {one.skipped} skipped"
    )


async def _look_for(path: Path) -> None:
    """Raise InputError where there is no file."""
    if not await asyncio.to_thread(_is_file, path):
        raise InputError("There is no file {path}", field="from", path=str(path)[:400])


def _is_file(path: Path) -> bool:
    """Return whether it is one; no path at all (too long, with a zero) is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
