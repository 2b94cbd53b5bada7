"""FakeClock: time that moves only when a test says so."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class FakeClock:
    """A Clock whose sleepers wake in order while `advance` moves time."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), future))
        await future

    def jump(self, seconds: float) -> None:
        """Change the wall time alone, as an administrator or a sleep would."""
        self._now += timedelta(seconds=seconds)

    def set_now(self, now: datetime) -> None:
        """Put the wall time at an instant, monotonic time untouched."""
        self._now = now

    async def advance(self, seconds: float) -> None:
        """Move both times, waking sleepers in order and letting them run in between."""
        end = self._monotonic + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._move(due)
            if not future.done():
                future.set_result(None)
            await settle()
        self._move(end)
        await settle()

    def _move(self, to: float) -> None:
        step = max(0.0, to - self._monotonic)
        self._monotonic += step
        self._now += timedelta(seconds=step)


async def settle(turns: int = 20) -> None:
    """Let every ready task run."""
    for _ in range(turns):
        await asyncio.sleep(0)
