"""Ladder: asked, 5 s of grace, then force; with an execution all its parts are ended."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from db.errors import DatabaseUnavailableError
from services.executions import rules
from services.executions.roster import Roster
from services.executions.running import Running
from services.executions.store import Changed, ExecutionStore
from services.executions.types import (
    CancelStage,
    EventKind,
    Execution,
    ExecutionEvent,
    ExecutionState,
)
from services.foundation.clock import Clock
from services.foundation.messages import Message
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
GRACE_S = 5.0  # between the request to end and force
FORCED = 2  # cancels at the end of the grace, one a second, before the work is closed from outside
_STEP_S = 1.0


class Ladder:
    """Makes work end that was asked to."""

    def __init__(  # what it works with
        self,
        clock: Clock,
        tasks: Tasks,
        store: ExecutionStore,
        roster: Roster,
        tell: "Callable[[Execution, tuple[ExecutionEvent, ...]], None]",
        take: Callable[[Running], None],
    ) -> None:
        """Tell of every rung through `tell`; `take` closes what still waits in the queue."""
        self._clock = clock
        self._tasks = tasks
        self._store = store
        self._roster = roster
        self._tell = tell
        self._take = take

    def ask(self, run: Running, state: ExecutionState, reason: Message, by: str = "") -> bool:
        """Ask a run and its parts to end as the state; return False when it was asked before."""
        if run.ended.is_set() or not run.ask_to_stop(state, reason, self._clock.now()):
            return False
        data = {"as": str(state), "by": by} if by else {"as": str(state)}
        self._write(run, EventKind.CANCEL_ASKED, data)
        climb = self._tasks.start(self._climb(run), f"cancel {run.execution.execution_id}")
        run.timers.append(climb)
        if not run.is_kept:
            self._take(run)
        for part in self._roster.parts_of(run):
            self.ask(part, state, reason, by)
        return True

    async def _climb(self, run: Running) -> None:
        """Wait out the grace, cancel again, close the work from outside, at last give it up."""
        await self._clock.sleep(GRACE_S)
        if self._is_over(run):
            return
        run.set_stage(CancelStage.FORCED)
        self._write(run, EventKind.CANCEL_FORCED, {})
        for _ in range(FORCED):
            if self._is_over(run):
                return
            assert run.work is not None
            run.work.cancel()
            await self._clock.sleep(_STEP_S)
        if self._is_over(run):
            return
        _log.warning("execution %s swallows its cancel and is closed", run.execution.execution_id)
        run.close_work()
        await self._clock.sleep(_STEP_S)
        if self._is_over(run):
            return
        _log.error("execution %s does not end", run.execution.execution_id)
        run.set_stage(CancelStage.ABANDONED)
        self._write(run, EventKind.CANCEL_ABANDONED, {})
        run.give_up()

    def _is_over(self, run: Running) -> bool:
        return run.ended.is_set() or run.work is None or run.work.done()

    def _write(self, run: Running, kind: EventKind, data: dict[str, Any]) -> None:
        """Store and tell a rung; the ladder does not wait for the store."""
        self._tasks.start(self._save(run, kind, data), f"{kind} {run.execution.execution_id}")

    async def _save(self, run: Running, kind: EventKind, data: dict[str, Any]) -> None:
        def told(seq: int, changed: Changed) -> None:
            if changed.is_moved and not run.ended.is_set():
                now = self._clock.now()
                run.execution = replace(run.execution, seq=seq, updated_at=now)
                self._tell(run.snapshot(), tuple(changed.events))

        try:
            await self._store.change(run.execution, rules.OPEN, {}, [(kind, "", data)], told)
        except DatabaseUnavailableError as error:
            _log.warning("%s of %s was not saved: %s", kind, run.execution.execution_id, error)
            self._tell(run.snapshot(), ())
