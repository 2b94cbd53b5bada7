"""Start by kind, cancel, list, announce; the one place that owns running work."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.executions import ExecutionRow
from services.executions import rules
from services.executions.records import to_execution
from services.executions.running import Running
from services.executions.store import ExecutionStore
from services.executions.types import Ending, Execution, ExecutionKind, ExecutionState, Trigger
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, NotFoundError
from services.foundation.ids import new_id
from services.foundation.messages import say
from services.foundation.signals import Signal
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
GRACE_S = 5.0  # between the request to end and force
FORCED = 3  # further requests, one a second, before the work is left to itself
FLUSH_S = 0.2  # progress is saved at most this often


class Executions:
    """Work started once, ended once, its state on disk before it is announced."""

    def __init__(self, database: Database, clock: Clock, tasks: Tasks) -> None:
        """Start with no kind and nothing running."""
        self._clock = clock
        self._tasks = tasks
        self._kinds: dict[str, ExecutionKind] = {}
        self._running: dict[str, Running] = {}
        self._starting: set[str] = set()  # exclusive kinds whose row is being written
        self._is_stopping = False
        self.boot_id = new_id("boot")
        self._store = ExecutionStore(database, clock, self.boot_id)
        self.changed: Signal[Execution] = Signal("executions.changed")

    def register(self, kind: ExecutionKind) -> None:
        """Make a kind startable under its name."""
        self._kinds[kind.name] = kind

    @property
    def kinds(self) -> Mapping[str, ExecutionKind]:
        """What can be started, by name."""
        return self._kinds

    async def recover(self) -> int:
        """Close what another start of the process left open; return how many there were."""
        count = await self._store.interrupt_left_over()
        if count:
            _log.warning("%d executions of an earlier start were interrupted", count)
        return count

    async def start(
        self,
        name: str,
        params: Mapping[str, Any],
        *,
        trigger: Trigger = Trigger.MANUAL,
        started_by: str = "",
    ) -> Execution:
        """Return the new execution, its work under way; raise ConflictError naming the running one."""
        kind = self._kinds.get(name)
        if kind is None:
            raise NotFoundError("There is nothing called {name} to start", name=name)
        self._reserve(kind)
        try:
            execution = await self._store.insert(kind, params, trigger, started_by)
            run = Running(execution, kind, self._announce_progress, params=dict(params))
            self._running[execution.execution_id] = run
            run.work = self._tasks.start(self._work(run), f"execution {execution.execution_id}")
            self._tasks.start(self._keep(run), f"keeper {execution.execution_id}")
        finally:
            self._starting.discard(kind.name)
        self.changed.emit(execution)
        return execution

    def _reserve(self, kind: ExecutionKind) -> None:
        if self._is_stopping:
            raise ConflictError("The console is stopping")
        if not kind.is_exclusive:
            return
        there = next((r for r in self._running.values() if r.kind.name == kind.name), None)
        if there is not None:
            raise ConflictError(
                "{label} is running already",
                existing_id=there.execution.execution_id,
                label=kind.label,
            )
        if kind.name in self._starting:
            raise ConflictError("{label} is starting already", label=kind.label)
        self._starting.add(kind.name)

    # -- the work and its keeper

    async def _work(self, run: Running) -> Ending:
        try:
            return await run.kind.run(run.params, run)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # boundary: foreign work ends as a failed row
            _log.exception("execution %s failed", run.execution.execution_id)
            return rules.failed(error)

    async def _keep(self, run: Running) -> None:
        """Record how the work ended; a cancelled keeper ends the work and still records it."""
        work = run.work
        assert work is not None
        while not work.done() and not run.is_abandoned:
            try:
                await asyncio.wait({work, run.given_up}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                run.ask_to_stop(ExecutionState.INTERRUPTED, say("The console was stopped"))
        await self._close(run, self._ending(run, work))

    def _ending(self, run: Running, work: "asyncio.Task[Ending]") -> Ending:
        if work.done() and not work.cancelled():
            return work.result()  # also when it finished before the request reached it
        state = run.stop_as or ExecutionState.CANCELLED
        reason = run.stop_reason or say("It was cancelled")
        if run.is_abandoned:
            reason = say("It did not end when asked to and was left to itself")
        return Ending(state, error_kind=str(state), error=reason)

    async def _close(self, run: Running, ending: Ending) -> None:
        """Save, forget, then announce: a list read in between never contradicts the store."""
        run.execution = await self._store.save_end(run.execution, ending)
        self._running.pop(run.execution.execution_id, None)
        run.ended.set()
        self.changed.emit(run.execution)

    # -- progress

    async def _announce_progress(self, run: Running) -> None:
        self._tasks.start(self._flush(run), f"progress {run.execution.execution_id}")

    async def _flush(self, run: Running) -> None:
        """Save and announce the newest progress, at most once every FLUSH_S."""
        try:
            while run.is_dirty and not run.ended.is_set():
                run.is_dirty = False
                saved = await self._store.save_progress(run.execution)
                run.execution = replace(run.execution, updated_at=saved.updated_at)
                if not run.ended.is_set():
                    self.changed.emit(run.execution)
                await self._clock.sleep(FLUSH_S)
        except DatabaseUnavailableError as error:
            _log.warning("execution %s: progress not saved: %s", run.execution.execution_id, error)
        finally:
            run.is_flushing = False

    # -- cancel and stop

    async def cancel(self, execution_id: str) -> Execution:
        """Ask the work to end, with force after 5 s; raise NotFoundError, ConflictError if ended."""
        run = self._running.get(execution_id)
        if run is None:
            execution = await self.get(execution_id)
            raise ConflictError("This has ended already: {status}", status=str(execution.status))
        self._ask(run, ExecutionState.CANCELLED)
        return run.execution

    def _ask(self, run: Running, state: ExecutionState) -> None:
        reason = (
            say("It was cancelled")
            if state is ExecutionState.CANCELLED
            else say("The console was stopped")
        )
        if run.ask_to_stop(state, reason):
            self.changed.emit(run.execution)
            self._tasks.start(self._climb(run), f"cancel {run.execution.execution_id}")

    async def _climb(self, run: Running) -> None:
        """Wait out the grace, then cancel again and again, then leave the work to itself."""
        await self._clock.sleep(GRACE_S)
        for _ in range(FORCED):
            if run.ended.is_set() or run.work is None or run.work.done():
                return
            run.work.cancel()
            await self._clock.sleep(1.0)
        if not run.ended.is_set():
            _log.error("execution %s does not end", run.execution.execution_id)
            run.give_up()

    async def stop(self) -> None:
        """End everything that runs, in the order it was started, its state stored."""
        self._is_stopping = True
        for run in list(self._running.values()):
            self._ask(run, ExecutionState.INTERRUPTED)
        for run in list(self._running.values()):
            await run.ended.wait()

    # -- questions

    def running(self) -> tuple[Execution, ...]:
        """Return what runs now, oldest first."""
        return tuple(run.execution for run in self._running.values())

    async def wait(self, execution_id: str) -> Execution:
        """Return the execution once it has ended."""
        run = self._running.get(execution_id)
        if run is None:
            return await self.get(execution_id)
        await run.ended.wait()
        return run.execution

    async def newest(self, limit: int = 50) -> list[Execution]:
        """Return the newest executions, newest first."""
        limit = max(1, min(limit, 500))
        return [self._present(row) for row in await self._store.newest(limit)]

    async def get(self, execution_id: str) -> Execution:
        """Return one execution by its text id or its number; raise NotFoundError."""
        row = await self._store.find(execution_id)
        if row is None:
            raise NotFoundError("There is no execution {id}", id=execution_id[:40])
        return self._present(row)

    def _present(self, row: ExecutionRow) -> Execution:
        run = self._running.get(row.execution_id)
        return to_execution(row) if run is None else run.execution
