"""LoadTests: the execution kind `load_test`, and the runs that are kept."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from db.errors import DatabaseUnavailableError, RowNotFoundError
from db.queries import load_runs as queries
from db.queries.load_history import Wanted, page_samples
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionKind,
    ExecutionState,
    StartOptions,
    Trigger,
)
from services.foundation.errors import ConsoleError, NotFoundError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.loadtest import export, reading, rules, words
from services.loadtest.finder import Finder
from services.loadtest.forecast import foresee
from services.loadtest.job import Job, JobTask
from services.loadtest.outlook import facts_of, raise_descriptor_limit
from services.loadtest.parts import LoadParts
from services.loadtest.rows import plan_values, summary_values, timeline_values, to_run
from services.loadtest.samples import to_stored
from services.loadtest.types import (
    KIND,
    Export,
    Forecast,
    LoadPlan,
    LoadRun,
    RunState,
    SampleClass,
    SamplePage,
)
from services.targets.types import Target

_log = logging.getLogger(__name__)
_LATE_TRIES = 10
_END_S = 2.0  # for one try; then the journal takes the end of the run
_PAUSE_S = 0.3


class LoadTests:
    """Starts load tests, keeps every call, reads and exports what was kept."""

    def __init__(self, parts: LoadParts) -> None:
        """Register the kind."""
        self._parts = parts
        self._jobs: dict[str, Job] = {}
        self.finder = Finder(parts)
        self.changed: Signal[str] = Signal(
            "load_run_changed"
        )  # run_id, at most four times a second
        parts.executions.register(
            ExecutionKind(
                KIND, "Load test", "speed", self._work, timeout_s=7_200, check=self._check
            )
        )

    async def recover(self) -> int:
        """Close the runs an earlier start of the process left open; return how many there were."""
        values = {"status": str(RunState.INTERRUPTED), "finished_at": self._parts.clock.now()}
        return await self._parts.database.write(partial(queries.close_left_over, values=values))

    # -- start and cancel

    async def start(
        self, values: Mapping[str, Any], *, trigger: Trigger, started_by: str = ""
    ) -> Execution:
        """Return the execution, whose id is the run's; raise InputError, ConflictError."""
        given = {name: value for name, value in values.items() if value is not None}
        plan = self._plan(given)
        subject = f"{plan.users} × {', '.join(plan.models)}" if plan.models else f"{plan.users}"
        options = StartOptions(subject=subject[:200])
        return await self._parts.executions.start(
            KIND, given, trigger=trigger, started_by=started_by, options=options
        )

    def _check(self, params: Mapping[str, Any]) -> None:
        plan = self._plan(params)
        rules.check_target(plan, self._target(plan))

    def _plan(self, values: Mapping[str, Any]) -> LoadPlan:
        return reading.read_plan(values, self._parts.settings.preferences.max_concurrency)

    def _target(self, plan: LoadPlan) -> Target:
        targets = self._parts.targets
        return targets.current if plan.target_id is None else targets.get(plan.target_id)

    async def forecast(self, values: Mapping[str, Any]) -> Forecast:
        """Return what a plan will cost and which limits it will meet; raise InputError."""
        plan = self._plan({name: value for name, value in values.items() if value is not None})
        return foresee(plan, await facts_of(self._parts, plan, self._target(plan)))

    # -- the work of the kind

    async def _work(self, params: Mapping[str, Any], control: Control) -> Ending:
        plan = self._plan(params)
        target = self._target(plan)
        run = await self._begin(plan, target, control.execution)
        raise_descriptor_limit()
        tell = partial(self.changed.emit, run.run_id)
        pool = self.finder.pools.get(run.parent_id or 0)
        job = Job(self._parts, JobTask(plan, target, run, pool), control, tell)
        self._jobs[run.run_id] = job
        try:
            return await self._run_job(job, run, control)
        finally:
            del self._jobs[run.run_id]
            self.changed.emit(run.run_id)

    async def _run_job(self, job: Job, run: LoadRun, control: Control) -> Ending:
        try:
            ending = await job.work()
        except ConsoleError as error:
            await self._end(run, job, RunState.FAILED, str(error))
            raise
        except asyncio.CancelledError:
            stop_as = control.stop_as or ExecutionState.CANCELLED
            await self._end(run, job, RunState(stop_as), "")
            raise
        reason = "" if ending.error is None else str(ending.error)
        await self._end(run, job, RunState(ending.status), reason)
        return ending

    async def _begin(self, plan: LoadPlan, target: Target, execution: Execution) -> LoadRun:
        values = {
            "run_id": execution.execution_id,
            "parent_id": execution.parent_id,
            "status": str(RunState.RUNNING),
            "target_id": target.id,
            "target": target.api_base[:500],
            "plan": plan_values(plan),
            "arrangement": str(rules.arrangement(plan, is_self=target.is_self)),
            "created_at": self._parts.clock.now(),
        }
        change = partial(queries.insert_run, values=values)
        return to_run(await stored(self._parts.database.write(change)))

    async def _end(self, run: LoadRun, job: Job, state: RunState, error: str) -> None:
        summary = job.summary()
        level = logging.INFO if state is RunState.SUCCEEDED else logging.WARNING
        _log.log(level, "%s", words.digest(run.run_id, str(state), summary))
        values = {
            "status": str(state),
            "summary": summary_values(summary),
            "timeline": timeline_values(job.timeline()),
            "error": error[:500],
            "finished_at": self._parts.clock.now(),
        }
        change = partial(queries.update_run, run_no=run.id, values=values)
        for _ in range(_LATE_TRIES):
            try:
                async with asyncio.timeout(_END_S):
                    await self._parts.database.write(change)
            except (DatabaseUnavailableError, TimeoutError) as refused:
                row = {"run_id": run.run_id, **values}
                if await self._parts.journal.keep("load_runs", [row], refused):
                    return
                await self._parts.clock.sleep(_PAUSE_S)
            else:
                return

    # -- now

    def live(self, run_id: str) -> LoadRun | None:
        """Return a run with its figures of this moment; None when it does not run."""
        job = self._jobs.get(run_id)
        return None if job is None else job.live()

    # -- what was kept

    async def runs(self, *, limit: int, offset: int) -> tuple[int, list[LoadRun]]:
        """Return how many runs there are and one page of them, newest first."""
        query = partial(queries.page_runs, limit=limit, offset=offset)
        total, rows = await stored(self._parts.database.read(query))
        return total, [to_run(row, with_timeline=False) for row in rows]

    async def run(self, run_id: str) -> LoadRun:
        """Return a run, also one that has only just been started; raise NotFoundError."""
        row = await stored(self._parts.database.read(partial(queries.find_run, run_id=run_id)))
        if row is not None:
            return to_run(row)
        execution = await self._parts.executions.get(run_id)
        if execution.execution_type != KIND:
            raise NotFoundError("There is no load test {run_id}", run_id=run_id[:40])
        return self._not_begun(execution)

    def _not_begun(self, execution: Execution) -> LoadRun:
        plan = self._plan(execution.meta.get("params") or {})
        return LoadRun(
            id=0,
            run_id=execution.execution_id,
            state=RunState(execution.status),
            target_id=plan.target_id or 0,
            target="",
            plan=plan,
            error=execution.error,
            created_at=execution.created_at,
            finished_at=execution.finished_at,
        )

    async def samples(
        self,
        run_id: str,
        *,
        limit: int,
        offset: int,
        model: str = "",
        sample_class: SampleClass | None = None,
    ) -> SamplePage:
        """Return one page of a run's calls in order of their start; raise NotFoundError."""
        run = await self.run(run_id)
        columns = {"model": model} if model else {}
        if sample_class is not None:
            columns["sample_class"] = str(sample_class)
        query = partial(page_samples, wanted=Wanted(run.id, columns), limit=limit, offset=offset)
        total, rows = await stored(self._parts.database.read(query))
        return SamplePage(total, tuple(to_stored(row, run_id) for row in rows))

    async def export(self, run_id: str, kind: str) -> Export:
        """Return all calls of a run as of one moment; raise NotFoundError, InputError."""
        query = partial(queries.all_calls, run_id=run_id)
        try:
            row, rows = await stored(self._parts.database.read(query))
        except RowNotFoundError:
            raise NotFoundError("There is no load test {run_id}", run_id=run_id[:40]) from None
        samples = (to_stored(values, run_id) for values in rows)
        return await asyncio.to_thread(export.export, to_run(row), samples, kind)
