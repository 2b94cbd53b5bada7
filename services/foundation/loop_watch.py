"""LoopWatch: says in the log when the event loop stood still, so that a frozen page has a reason."""

import logging

from services.foundation.clock import Clock
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
EVERY_S = 1.0
LATE_S = 1.0  # a beat this late is told


class LoopWatch:
    """A beat each second; a late one means that something held the loop, or the whole process."""

    def __init__(self, clock: Clock, tasks: Tasks) -> None:
        """Watch nothing before start()."""
        self._clock = clock
        self._tasks = tasks

    async def start(self) -> None:
        """Watch until the tasks are stopped."""
        self._tasks.start(self._watch(), "loop watch")

    async def _watch(self) -> None:
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(EVERY_S)
            late_s = self._clock.monotonic() - before - EVERY_S
            if late_s >= LATE_S:
                _log.warning("the event loop stood still for %.1f s", late_s)
