"""Daily: start one kind of execution once a day; a day missed is made up once, after the start."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from services.executions.service import Executions
from services.executions.types import ExecutionFilter, ExecutionState, Trigger
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, ConsoleError
from services.foundation.steady import Steady
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
FIRST_S = 300.0  # a console that was just opened has better things to do
LOOK_S = 300.0
DAY = timedelta(hours=24)
AGAIN = timedelta(hours=1)  # after one that did not succeed


class Daily:
    """Due when none succeeded within a day and none was tried within an hour; restarts count on."""

    def __init__(
        self,
        executions: Executions,
        clock: Clock,
        tasks: Tasks,
        kind: str,
        is_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start without a task; start() begins."""
        self._executions = executions
        self._clock = clock
        self._tasks = tasks
        self._kind = kind
        self._is_on = is_on
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = self._tasks.start(self._watch(), f"daily {self._kind}")

    async def stop(self) -> None:
        """Start no further one."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def look(self) -> bool:
        """Start one when it is due; return whether it was started."""
        if not self._is_on() or not await self._is_due():
            return False
        try:
            await self._executions.start(
                self._kind, {}, trigger=Trigger.SCHEDULE, started_by="daily"
            )
        except ConflictError:  # somebody runs it already
            return False
        return True

    async def _is_due(self) -> bool:
        good = ExecutionFilter(kinds=(self._kind,), states=(ExecutionState.SUCCEEDED,))
        return await self._is_older(good, DAY) and await self._is_older(
            ExecutionFilter(kinds=(self._kind,)), AGAIN
        )

    async def _is_older(self, wanted: ExecutionFilter, age: timedelta) -> bool:
        page = await self._executions.page(wanted, limit=1)
        at = page.rows[0].created_at if page.rows else None
        # The distance in either direction: a clock set back must not stop it for good.
        return at is None or abs(self._clock.now() - at) >= age

    async def _watch(self) -> None:
        await self._clock.sleep(FIRST_S)
        steady = Steady(_log, f"the daily look at {self._kind}")
        while True:
            await steady.turn(self._look)
            await self._clock.sleep(LOOK_S)

    async def _look(self) -> None:
        try:
            await self.look()
        except ConsoleError as error:
            _log.warning("%s could not be started today: %s", self._kind, error)
