"""The tick: an APScheduler job that wakes the schedules; due times are never its business."""

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

TICK_S = 15
_JOB = "schedules-tick"


class Beat:
    """Calls a coroutine function every few seconds; missed beats are merged, none overlap."""

    def __init__(self, tick: Callable[[], Awaitable[None]], every_s: float = TICK_S) -> None:
        """Remember what to call; nothing runs yet."""
        self._tick = tick
        self._every_s = every_s
        self._scheduler: Any = None

    @property
    def is_running(self) -> bool:
        """Whether the scheduler was started."""
        return self._scheduler is not None

    def start(self) -> None:
        """Start on the running loop."""
        from apscheduler.schedulers.asyncio import (  # noqa: PLC0415  # 0.1 s: after the first page
            AsyncIOScheduler,
        )

        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=self._every_s,
            id=_JOB,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    def realign(self) -> None:
        """Count the beats from now: after a clock was set back the old due time may be hours away."""
        if self._scheduler is not None:
            self._scheduler.reschedule_job(_JOB, trigger="interval", seconds=self._every_s)

    def stop(self) -> None:
        """Stop without waiting; what a beat began runs on as the schedules' own task."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
