"""Imports: the E2E history of an original server, taken once however often it is asked for."""

import asyncio
from pathlib import Path

from sqlmodel import Session

from db.engine import Database
from db.queries import imports as queries
from services.imports.runs import ImportedRun, read_run
from services.imports.source import Original
from services.imports.types import ImportReport, Skipped
from services.targets.service import Targets

_BATCH = 50  # runs a transaction: a crash in between loses nothing, the next import goes on


class Imports:
    """Reads an original database and stores what is not here yet."""

    def __init__(self, database: Database, targets: Targets) -> None:
        """Keep to that store; the runs belong to the service under test chosen in `targets`."""
        self._database = database
        self._targets = targets

    async def run(self, path: Path, *, is_rehearsal: bool = False) -> ImportReport:
        """Return what was taken, or would be; raise InputError where the file is no original.

        Imported launches get numbers below every other: history stands left of what is our own.
        """
        found, skipped, left = await asyncio.to_thread(self._read, path)
        known = await self._database.read(queries.known_runs)
        new = [one for one in found if one.run.run_id not in known]
        if not is_rehearsal:
            newest_first = sorted(new, key=lambda one: one.run.started_at, reverse=True)
            for at in range(0, len(newest_first), _BATCH):
                batch = newest_first[at : at + _BATCH]
                await self._database.write(lambda session, batch=batch: _store(session, batch))
        return ImportReport(
            file=str(path),
            is_rehearsal=is_rehearsal,
            runs_found=len(found) + len(skipped),
            runs_new=len(new),
            runs_known=len(found) - len(new),
            results_new=sum(len(one.cells) for one in new),
            skipped=tuple(skipped),
            remarks=tuple(Skipped(one.run.run_id, one.remark) for one in new if one.remark),
            left=left,
        )

    def _read(self, path: Path) -> tuple[list[ImportedRun], list[Skipped], dict[str, int]]:
        target = self._targets.current
        original = Original(path)
        try:
            runs: dict[str, ImportedRun] = {}
            skipped: list[Skipped] = []
            for number, row in enumerate(original.runs(), start=1):
                try:
                    one = read_run(row, target.id, target.api_base)
                except ValueError as error:
                    skipped.append(Skipped(f"row {number}", str(error)))
                    continue
                if one.run.run_id in runs:
                    skipped.append(Skipped(one.run.run_id, "the file holds it twice"))
                else:
                    runs[one.run.run_id] = one
            return list(runs.values()), skipped, original.left()
        finally:
            original.close()


def _store(session: Session, batch: list[ImportedRun]) -> None:
    number = queries.lowest_launch(session)
    for one in batch:
        number -= 1
        queries.insert_imported(session, number, one.launch, one.run, one.cells)
