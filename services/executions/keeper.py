"""Keeper: brings an admitted execution to its end, whatever its work does or the process suffers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from db.errors import DatabaseUnavailableError
from services.executions import output, rules
from services.executions.ladder import Ladder
from services.executions.records import end_values
from services.executions.roster import Roster
from services.executions.running import Running
from services.executions.store import Changed, ExecutionStore, Line
from services.executions.types import (
    CancelStage,
    Ending,
    EventKind,
    Execution,
    ExecutionEvent,
    ExecutionState,
)
from services.foundation.actor import act_as
from services.foundation.clock import Clock
from services.foundation.errors import ConsoleError
from services.foundation.messages import say
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
FLUSH_S = 0.2  # progress is saved at most this often
OUTPUT_FLUSH_S = 1.0  # and output in the row
END_TRIES = 3  # one a second, before an ending is told without being stored
LATE_TRIES = 720
LATE_S = 5.0
T = TypeVar("T")
Tell = Callable[[Execution, "tuple[ExecutionEvent, ...]"], None]


class Keeper:
    """Starts the work, watches it, closes its row; one task for each running execution."""

    def __init__(  # what it works with
        self, clock: Clock, tasks: Tasks, store: ExecutionStore, roster: Roster, tell: Tell
    ) -> None:
        """Tell of every change through `tell`, after it is on disk."""
        self._clock = clock
        self._tasks = tasks
        self._store = store
        self._roster = roster
        self._tell = tell
        self.ladder = Ladder(clock, tasks, store, roster, tell, self.take)
        self.unsaved: dict[str, Execution] = {}  # endings the store has not taken yet
        self.folder: Path | None = None  # of long outputs

    def take(self, run: Running) -> None:
        """Keep an admitted run, or one that was asked to stop while it waited."""
        run.is_kept = True
        self._tasks.start(self._keep(run), f"keeper {run.execution.execution_id}")

    async def _keep(self, run: Running) -> None:
        try:
            await self._live(run)
        except Exception as error:  # noqa: BLE001  # boundary: nothing may stay open for ever
            _log.exception("the end of %s could not be told", run.execution.execution_id)
            run.execution = replace(run.execution, done=0, total=0, meta={})
            await self._close(run, rules.failed(error))

    async def _live(self, run: Running) -> None:
        ending = await self._calm(run, self._begin(run))
        if ending is None:
            ending = await self._attend(run)
            await self._calm(run, self._end_parts(run))
        await self._calm(run, self._close(run, rules.fitted(ending)))

    async def _calm(self, run: Running, work: Awaitable[T]) -> T:
        """Return what the awaitable gives; a cancel of the keeper only ends the execution's work."""
        waiting = asyncio.ensure_future(work)
        while not waiting.done():
            try:
                await asyncio.wait({waiting})
            except asyncio.CancelledError:
                self.ladder.ask(run, ExecutionState.INTERRUPTED, say("The console was stopped"))
        return waiting.result()

    # -- from the queue to the work

    async def _begin(self, run: Running) -> Ending | None:
        """Store that it runs and start its work; return its ending when it shall not run."""
        if run.stop_as is not None:
            return _stopped(run)
        now = self._clock.now()
        running = ExecutionState.RUNNING
        values = {"status": str(running), "started_at": now}

        def told(seq: int, changed: Changed) -> None:
            run.execution = replace(
                run.execution, status=running, started_at=now, updated_at=now, seq=seq
            )
            self._tell(run.snapshot(), tuple(changed.events))

        lines: list[Line] = [(EventKind.STARTED, "", {})]
        try:
            await self._store.change(run.execution, (ExecutionState.PENDING,), values, lines, told)
        except DatabaseUnavailableError as error:
            return rules.failed(error)
        if run.stop_as is not None:
            return _stopped(run)
        run.work = self._tasks.start(self._work(run), f"execution {run.execution.execution_id}")
        if run.execution.timeout_s is not None:
            name = f"timeout {run.execution.execution_id}"
            timer = self._tasks.start(self._time_out(run, run.execution.timeout_s), name)
            run.timers.append(timer)
        return None

    async def _work(self, run: Running) -> Ending:
        act_as(run.actor, run.execution.execution_id)
        try:
            return await run.kind.run(run.params, run)
        except asyncio.CancelledError:
            raise
        except ConsoleError as error:  # expected: the row says it, no fault of the program
            _log.warning("execution %s failed: %s", run.execution.execution_id, error)
            return rules.failed(error)
        except Exception as error:  # noqa: BLE001  # boundary: foreign work ends as a failed row
            _log.exception("execution %s failed", run.execution.execution_id)
            return rules.failed(error)

    async def _time_out(self, run: Running, seconds: float) -> None:
        await self._clock.sleep(seconds)
        reason = say("It took longer than the {seconds:g} s it may take", seconds=seconds)
        self.ladder.ask(run, ExecutionState.TIMED_OUT, reason)

    # -- from the work to the end

    async def _attend(self, run: Running) -> Ending:
        """Return how the work ended; the ladder sees to it that it does."""
        work = run.work
        assert work is not None
        while not work.done() and not run.is_abandoned:
            try:
                await asyncio.wait({work, run.given_up}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                self.ladder.ask(run, ExecutionState.INTERRUPTED, say("The console was stopped"))
        _end_timers(run)
        if work.done() and not work.cancelled() and work.exception() is None:
            return work.result()  # also when it finished before the request reached it
        return _stopped(run)

    async def _end_parts(self, run: Running) -> None:
        """End what the work started and left behind; a part never outlives its whole."""
        state = run.stop_as or ExecutionState.CANCELLED
        for part in (parts := self._roster.parts_of(run)):
            self.ladder.ask(part, state, say("What it was a part of ended"))
        for part in parts:
            await part.ended.wait()

    async def _close(self, run: Running, ending: Ending) -> None:
        """Save, forget, then announce: a list read in between never contradicts the store."""
        await self._write_output(run, ending)
        now = self._clock.now()
        values = end_values(ending, run.snapshot(), now)
        data: dict[str, Any] = {"status": values["status"], "error_kind": values["error_kind"]}
        if run.output.problem:
            data["output_problem"] = run.output.problem
        lines = [(EventKind.ENDED, "", data)]
        sources = rules.sources_of(ending.status)

        def told(seq: int, changed: Changed) -> None:
            self._forget(run, values, seq, tuple(changed.events))

        refused: DatabaseUnavailableError | None = None
        for attempt in range(1, END_TRIES + 1):
            try:
                await self._store.change(run.execution, sources, values, lines, told)
            except DatabaseUnavailableError as error:
                refused = error
                _log.exception("the end of %s was not saved", run.execution.execution_id)
                if attempt < END_TRIES:
                    await self._clock.sleep(1.0)
            else:
                return
        assert refused is not None
        await self._store.set_aside(run.execution, values, refused)
        self._forget(run, values, run.execution.seq, ())
        late = self._save_late(run.execution, values)
        self.unsaved[run.execution.execution_id] = run.execution
        self._tasks.start(late, f"late end {run.execution.execution_id}")

    def _forget(
        self,
        run: Running,
        values: dict[str, Any],
        seq: int,
        events: tuple[ExecutionEvent, ...],
    ) -> None:
        run.execution = replace(
            run.execution,
            status=ExecutionState(values["status"]),
            output=values["test_output"],
            output_size=values["output_size"],
            error_kind=values["error_kind"],
            error=values["error_message"],
            meta=values["meta"],
            updated_at=values["updated_at"],
            finished_at=values["finished_at"],
            is_cancelling=False,
            cancel_stage=CancelStage.NONE,
            cancel_asked_at=None,
            seq=seq,
        )
        _end_timers(run)
        self._roster.remove(run)
        run.ended.set()
        self._tell(run.execution, events)

    async def _save_late(self, execution: Execution, values: dict[str, Any]) -> None:
        """Store an ending as soon as the store takes changes again."""
        sources = rules.sources_of(execution.status)
        lines = [(EventKind.ENDED, "", {"status": values["status"], "is_late": True})]
        for _ in range(LATE_TRIES):
            await self._clock.sleep(LATE_S)
            try:
                await self._store.change(execution, sources, values, lines)
            except DatabaseUnavailableError as error:
                _log.warning("the end of %s waits: %s", execution.execution_id, error)
            else:
                self.unsaved.pop(execution.execution_id, None)
                return

    # -- progress and output

    def follow(self, run: Running) -> None:
        """Save and announce the newest progress and output, at most once every FLUSH_S."""
        if not run.is_followed:
            run.is_followed = True
            self._tasks.start(self._follow(run), f"progress {run.execution.execution_id}")

    async def _follow(self, run: Running) -> None:
        try:
            while (run.is_moved or run.is_louder) and not run.ended.is_set():
                await run.output.write_file()
                await self._save_progress(run)
                await self._clock.sleep(FLUSH_S)
        except DatabaseUnavailableError as error:
            _log.warning("%s: progress not saved: %s", run.execution.execution_id, error)
        finally:
            run.is_followed = False

    async def _save_progress(self, run: Running) -> None:
        is_due = self._clock.monotonic() - run.output_saved_at >= OUTPUT_FLUSH_S
        has_output = run.is_louder and is_due
        if not run.is_moved and not has_output:
            return
        shown = run.snapshot()
        values: dict[str, Any] = {"done": shown.done, "total": shown.total}
        if has_output:
            run.is_louder = False
            run.output_saved_at = self._clock.monotonic()
            values |= {"test_output": shown.output, "output_size": shown.output_size}
        run.is_moved = False

        def told(seq: int, changed: Changed) -> None:
            if changed.is_moved and not run.ended.is_set():
                now = self._clock.now()
                run.execution = replace(run.execution, seq=seq, updated_at=now)
                self._tell(replace(shown, seq=seq, updated_at=now), ())

        await self._store.change(shown, rules.OPEN, values, told=told)

    async def _write_output(self, run: Running, ending: Ending) -> None:
        """Put the whole output in its file when the row cannot hold it."""
        await run.output.write_file()
        if len(ending.output) <= rules.OUTPUT_MAX or self.folder is None:
            return
        path = output.file_of(self.folder, run.execution.execution_id)
        try:
            await asyncio.to_thread(output.write_whole, path, rules.clean(ending.output))
        except OSError as error:
            run.output.problem = error.strerror or str(error)


def _end_timers(run: Running) -> None:
    for timer in run.timers:
        timer.cancel()


def _stopped(run: Running) -> Ending:
    """Return the ending of work that was ended by somebody, or that ended itself by a cancel."""
    state = run.stop_as or ExecutionState.CANCELLED
    reason = run.stop_reason or say("It was cancelled")
    if run.is_closed:
        reason = say("It did not end when asked to and was ended by force")
    if run.is_abandoned:
        reason = say("It did not end when asked to and was left to itself")
    return Ending(state, error_kind=str(state), error=reason)
