"""LoadHistory: finds kept load tests and their calls, compares them, marks a baseline, deletes."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from db.engine import Database
from db.queries import load_history as queries
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.load_history import rules
from services.load_history.types import (
    COMPARED_MOST,
    Comparison,
    HistoryPage,
    HistoryRun,
    RunFilter,
    SampleFilter,
)
from services.loadtest.export import export
from services.loadtest.rows import plan_values, to_run
from services.loadtest.samples import to_stored
from services.loadtest.service import LoadTests
from services.loadtest.types import Export, LoadRun, RunState, SamplePage, StoredSample

TEXT_MOST = 200
_PIECE = 2_000  # calls deleted at once
_OPEN = (RunState.PENDING, RunState.RUNNING)


class LoadHistory:
    """Reads over the runs that LoadTests keeps."""

    def __init__(self, database: Database, loadtest: LoadTests) -> None:
        """Keep what it reads from."""
        self._database = database
        self._loadtest = loadtest
        self.changed: Signal[str] = Signal("load_history.changed")  # run id: marked or deleted

    # -- finding

    async def page(self, wanted: RunFilter, *, limit: int, offset: int) -> HistoryPage:
        """Return one page of the runs that match, newest first."""

        def matches(one: queries.LightRun) -> bool:
            return rules.is_wanted(wanted, one.run_id, one.target, one.plan, one.error)

        between = (wanted.created_from, wanted.created_to)
        states = [str(state) for state in wanted.states]
        query = partial(
            queries.find_runs,
            states=states,
            target_id=wanted.target_id,
            between=between,
            is_wanted=matches,
        )
        found = await stored(self._database.read(query))
        runs = await self._light(found[offset : offset + limit])
        bases = await self._baselines()
        own = {run.run_id: _base_of(run, bases) for run in runs}
        base_runs = {run.run_id: run for run in await self._light(sorted(set(own.values())))}
        rows = [_beside(run, base_runs.get(own[run.run_id])) for run in runs]
        return HistoryPage(len(found), tuple(rows))

    async def _light(self, run_ids: Sequence[str]) -> list[LoadRun]:
        """Return these runs in this order, without their timelines."""
        rows = await stored(self._database.read(partial(queries.runs_of, run_ids=run_ids)))
        return [to_run(rows[key], with_timeline=False) for key in run_ids if key in rows]

    async def _baselines(self) -> list[queries.LightRun]:
        return await stored(self._database.read(queries.baselines))

    async def baseline_of(self, run: LoadRun) -> LoadRun | None:
        """Return the baseline of the run's plan, None when there is none or it is this run."""
        base_id = _base_of(run, await self._baselines())
        return await self._loadtest.run(base_id) if base_id not in ("", run.run_id) else None

    # -- calls of one run

    async def samples(
        self, run_id: str, wanted: SampleFilter, *, limit: int, offset: int
    ) -> SamplePage:
        """Return one page of the run's calls that match; raise NotFoundError."""
        run = await self._loadtest.run(run_id)
        query = partial(
            queries.page_samples, wanted=_wanted(run, wanted), limit=limit, offset=offset
        )
        total, rows = await stored(self._database.read(query))
        return SamplePage(total, tuple(to_stored(row, run_id) for row in rows))

    async def export(self, run_id: str, kind: str, wanted: SampleFilter) -> Export:
        """Return the calls that match as a file; raise NotFoundError, InputError."""
        run = await self._loadtest.run(run_id)
        query = partial(queries.whole_samples, run_id=run_id, wanted=_wanted(run, wanted))
        row, rows = await stored(self._database.read(query))
        samples = (to_stored(values, run_id) for values in rows)
        whole = run if row is None else to_run(row)
        return await asyncio.to_thread(export, whole, samples, kind)

    async def sample(self, run_id: str, no: int) -> StoredSample:
        """Return one call; raise NotFoundError."""
        run = await self._loadtest.run(run_id)
        query = partial(queries.find_sample, run_no=run.id, no=no)
        row: Mapping[str, Any] | None = await stored(self._database.read(query))
        if row is None:
            raise NotFoundError("Call {no} of this run is not kept", no=no)
        return to_stored(row, run_id)

    async def models(self, run_id: str) -> list[str]:
        """Return the models the run has asked so far."""
        run = await self._loadtest.run(run_id)
        return await stored(self._database.read(partial(queries.sample_models, run_no=run.id)))

    # -- comparing

    async def compare(self, run_ids: Sequence[str]) -> Comparison:
        """Return two to four runs side by side, against the baseline among them, else the first."""
        wanted = list(dict.fromkeys(run_ids))
        if not 2 <= len(wanted) <= COMPARED_MOST:
            raise InputError("Choose 2 to {most} runs", field="runs", most=COMPARED_MOST)
        runs = [await self._loadtest.run(run_id) for run_id in wanted]
        marked = [index for index, run in enumerate(runs) if run.baseline]
        return rules.compare(runs, marked[0] if marked else 0)

    # -- baseline and deleting

    async def set_baseline(self, run_id: str) -> None:
        """Make it what the runs of the same plan are measured against; raise ConflictError."""
        run = await self._ended(run_id)
        if run.is_demo:
            raise ConflictError("Demo data cannot be a baseline: real runs would be measured by it")
        if run.summary is None or not run.summary.counts.get("success", 0):
            raise ConflictError("A run without a success cannot be a baseline")
        change = partial(
            queries.exchange_baseline, run_no=run.id, is_same_plan=partial(_is_same, run)
        )
        await stored(self._database.write(change))
        self.changed.emit(run_id)

    async def unset_baseline(self, run_id: str) -> None:
        """Take the mark off."""
        run = await self._loadtest.run(run_id)
        await stored(self._database.write(partial(queries.mark, run_nos=[run.id], baseline=False)))
        self.changed.emit(run_id)

    async def delete(self, run_id: str) -> None:
        """Delete a run with its calls, also a baseline; its execution stays. Raise ConflictError."""
        run = await self._ended(run_id)
        piece = partial(queries.delete_calls, run_no=run.id, limit=_PIECE)
        while await stored(self._database.write(piece)):  # ends: each piece makes them fewer
            pass
        await stored(self._database.write(partial(queries.delete_run, run_no=run.id)))
        self.changed.emit(run_id)

    async def _ended(self, run_id: str) -> LoadRun:
        run = await self._loadtest.run(run_id)
        if run.state in _OPEN:
            raise ConflictError("This run has not ended yet")
        if not run.id:
            raise ConflictError("Nothing is kept of this run")
        return run


def _wanted(run: LoadRun, wanted: SampleFilter) -> queries.Wanted:
    columns: dict[str, str] = {"model": wanted.model} if wanted.model else {}
    if wanted.sample_class is not None:
        columns["sample_class"] = str(wanted.sample_class)
    return queries.Wanted(run.id, columns, wanted.text.strip()[:TEXT_MOST], str(wanted.order))


def _beside(run: LoadRun, base: LoadRun | None) -> HistoryRun:
    if base is None or run.run_id == base.run_id or run.summary is None:
        return HistoryRun(run)
    return HistoryRun(run, rules.ttft_change(run, base))


def _base_of(run: LoadRun, bases: Sequence[queries.LightRun]) -> str:
    return next((one.run_id for one in bases if _is_same(run, one)), "")


def _is_same(run: LoadRun, other: queries.LightRun) -> bool:
    return run.target == other.target and rules.same_load(plan_values(run.plan), other.plan)
