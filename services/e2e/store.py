"""What an end-to-end run writes: the launch first, each cell as it is judged, and the end."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import e2e_runs as queries
from db.tables.e2e_runs import E2eLaunchRow, E2eRunRow
from services.e2e.matrix import percentile
from services.e2e.records import cell_values, new_cell_row, to_cell, to_launch
from services.e2e.rules import keepable
from services.e2e.types import (
    GOOD,
    JUDGED,
    STATUS_CODES,
    Cell,
    CellStatus,
    Kind,
    Launch,
    Run,
    RunStatus,
)
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError
from services.foundation.redact import redact
from services.journal.types import NO_JOURNAL, Keeper

_log = logging.getLogger(__name__)
OPEN_CODES = (STATUS_CODES[CellStatus.PENDING], STATUS_CODES[CellStatus.RUNNING])
RESTARTED = "server_restarted"


class E2eStore:
    """The rows of launches, runs, cells and replies."""

    def __init__(self, database: Database, clock: Clock, journal: Keeper = NO_JOURNAL) -> None:
        """Write to that database; the journal takes results it refuses."""
        self._database = database
        self._journal = journal
        self.journaled: Counter[int] = Counter()  # results of each launch the journal took
        self._clock = clock

    async def open(self, launch: Launch, runs: Sequence[Run]) -> Launch:
        """Return the launch with its number, on disk as running; raise ConflictError for a served slot."""
        row = E2eLaunchRow(
            launch_id=launch.launch_id,
            execution_id=launch.execution_id,
            target_id=launch.target_id,
            target=launch.target,
            trigger=launch.trigger,
            status=str(launch.status),
            is_partial=launch.is_partial,
            slot_at=launch.slot_at,
            started_at=launch.started_at,
        )
        rows = [_run_row(run, launch) for run in runs]
        slot_at = launch.slot_at

        def change(session: Session) -> int:
            if slot_at is not None and queries.launch_of_slot(session, slot_at) is not None:
                raise ConflictError("Another console ran the check of this time")
            return queries.insert_launch(session, row, rows)

        return replace(launch, launch_no=await self._database.write(change))

    async def plan(self, cells: Sequence[Cell], target_id: int) -> list[Cell]:
        """Return the planned cells with their numbers, on disk as pending."""
        rows = [new_cell_row(cell, target_id) for cell in cells]
        ids = await self._database.write(lambda s: queries.insert_cells(s, rows))
        return [replace(cell, id=number) for cell, number in zip(cells, ids, strict=True)]

    async def save(self, cells: Sequence[Cell], run: Run, reply: str | None = None) -> None:
        """Keep cells that ended with their run's counts; a reply belongs to the only cell."""
        values = [(cell.id, cell_values(cell)) for cell in cells]
        counts = {
            "models_total": run.models_total,
            "models_success": run.models_success,
            "models_failed": run.models_failed,
        }
        kept = None if reply is None else keepable(redact(reply))

        def change(session: Session) -> None:
            for number, columns in values:
                queries.update_cell(session, number, columns)
            if kept is not None:
                queries.keep_reply(session, values[0][0], kept[0], is_cut=kept[1])
            queries.update_run(session, run.run_id, counts)

        try:
            await self._database.write(change)
        except DatabaseUnavailableError as error:  # the run's counts are written with its end
            if not await self._keep_cells(cells, error):
                raise
            if kept is not None:
                reply_row = {"cell_id": values[0][0], "text": kept[0], "is_cut": kept[1]}
                await self._journal.keep("e2e_replies", [reply_row], error)

    async def _keep_cells(self, cells: Sequence[Cell], error: DatabaseUnavailableError) -> bool:
        rows = [_cell_row(cell) for cell in cells]
        self.journaled[cells[0].launch_no] += len(cells)
        return await self._journal.keep("e2e_mapped_model_results", rows, error)

    async def note_sign_in(self, run: Run) -> None:
        """Keep the way a run signed in and what its token said; its end says both again."""
        values = {"auth_mode": run.auth_mode, "is_anonymous": run.is_anonymous}
        try:
            await self._database.write(lambda s: queries.update_run(s, run.run_id, values))
        except DatabaseUnavailableError as error:
            _log.warning("how run %s signed in is kept at its end: %s", run.run_id, error)

    async def close(
        self, launch: Launch, runs: Sequence[Run], cells: Sequence[Cell], *, was_stopped: bool
    ) -> Launch:
        """Return the launch as it ended, everything in one transaction.

        One that was stopped writes every cell again: a verdict may have missed its own write.
        """
        ended = replace(launch, **summed_up(cells))
        values = _launch_end(ended)
        run_values = [(run.run_id, _run_end(run)) for run in runs]
        again = [(cell.id, cell_values(cell)) for cell in cells] if was_stopped else []

        def change(session: Session) -> None:
            for number, columns in again:
                queries.update_cell(session, number, columns)
            for run_id, columns in run_values:
                queries.update_run(session, run_id, columns)
            queries.update_launch(session, ended.launch_no, values)

        await self._database.write(change)
        return ended

    async def set_aside(
        self, launch: Launch, runs: Sequence[Run], cells: Sequence[Cell], error: Exception
    ) -> Launch:
        """Return the launch as it ended; the journal has its rows unless close() comes first."""
        ended = replace(launch, **summed_up(cells))
        keep = self._journal.keep
        ends = [{"run_id": run.run_id, **_run_end(run)} for run in runs]
        rows = [_cell_row(cell) for cell in cells]
        await keep("e2e_mapped_model_results", rows, error)
        await keep("e2e_mapped_model_runs", ends, error)
        row = {"launch_id": launch.launch_id, **_launch_end(ended)}
        await keep("e2e_launches", [row], error)
        return ended

    async def recover(self) -> list[Launch]:
        """Return the launches another start of the process left open, closed as interrupted."""
        now = self._clock.now()
        return await self._database.write(lambda session: _recover(session, now))


def summed_up(cells: Sequence[Cell]) -> dict[str, Any]:
    """Return the numbers of a launch over its cells."""
    judged = [cell for cell in cells if cell.status in JUDGED]
    times = sorted(c.latency_ms for c in judged if c.latency_ms is not None and c.status in GOOD)
    return {
        "cells": len(cells),
        "judged": len(judged),
        "good": sum(cell.status in GOOD for cell in judged),
        "p50_ms": percentile(times, 0.50),
        "p95_ms": percentile(times, 0.95),
    }


def _recover(session: Session, now: datetime) -> list[Launch]:
    interrupted = {
        "status_code": STATUS_CODES[CellStatus.INTERRUPTED],
        "kind": str(Kind.INTERRUPTED),
        "error": RESTARTED,
        "at": now,
    }
    closed: list[Launch] = []
    for row in queries.open_launches(session):
        number = row.launch_no or 0
        queries.close_cells(session, number, OPEN_CODES, interrupted)
        cells = [to_cell(cell) for cell in queries.cells_of(session, [number])]
        for run in queries.runs_of(session, number):
            mine = [cell for cell in cells if cell.run_id == run.run_id]
            good = sum(cell.success for cell in mine)
            run.models_total = len(mine)
            run.models_success, run.models_failed = good, len(mine) - good
            if run.status == RunStatus.RUNNING:
                run.status, run.error_summary = str(RunStatus.INTERRUPTED), RESTARTED
                run.finished_at = now
                run.duration_ms = _elapsed_ms(run.started_at, now)
            session.add(run)
        ended = replace(
            to_launch(row),
            status=RunStatus.INTERRUPTED,
            error_summary=RESTARTED,
            finished_at=now,
            **summed_up(cells),
        )
        queries.update_launch(session, number, _launch_end(ended))
        closed.append(ended)
    return closed


def _elapsed_ms(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))


def _cell_row(cell: Cell) -> dict[str, Any]:
    return {"id": cell.id, "run_id": cell.run_id, **cell_values(cell)}


def _run_row(run: Run, launch: Launch) -> E2eRunRow:
    assert run.started_at is not None
    return E2eRunRow(
        run_id=run.run_id,
        user_type=str(run.user_type),
        auth_mode=run.auth_mode,
        prompt_text=run.prompt_text,
        prompt_mode=run.prompt_mode,
        result_mode=run.result_mode,
        status=str(run.status),
        started_at=run.started_at,
        created_at=run.started_at,
        launch_id=launch.launch_id,
        launch_no=0,
        trigger=launch.trigger,
        target_id=launch.target_id,
        target=launch.target,
    )


def _run_end(run: Run) -> dict[str, Any]:
    return {
        "auth_mode": run.auth_mode,
        "is_anonymous": run.is_anonymous,
        "status": str(run.status),
        "error_summary": run.error_summary[:200],
        "models_total": run.models_total,
        "models_success": run.models_success,
        "models_failed": run.models_failed,
        "finished_at": run.finished_at,
        "duration_ms": run.duration_ms,
    }


def _launch_end(launch: Launch) -> dict[str, Any]:
    return {
        "status": str(launch.status),
        "finished_at": launch.finished_at,
        "error_summary": launch.error_summary[:200],
        "cells": launch.cells,
        "judged": launch.judged,
        "good": launch.good,
        "p50_ms": launch.p50_ms,
        "p95_ms": launch.p95_ms,
    }
