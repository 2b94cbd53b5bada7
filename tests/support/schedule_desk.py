"""Desk: starts schedules over one database, as processes would, and counts what they fire."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from db.engine import Database
from services.foundation.errors import ConflictError
from services.foundation.tasks import Tasks
from services.schedules.service import Schedules
from services.settings.service import Settings
from tests.support.builders import until
from tests.support.clock import FakeClock

HOUR = 3600


class Desk:
    """Starts schedules over one database, as processes would, and counts what they fire."""

    def __init__(self, database: Database, clock: FakeClock, settings: Settings) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.fired: list[datetime] = []
        self.busy = ""
        self.open: list[tuple[Schedules, Tasks]] = []

    async def fire(self, slot_at: datetime) -> str:
        if self.busy:
            raise ConflictError("an E2E is running", existing_id=self.busy)
        self.fired.append(slot_at)
        return f"exe_{len(self.fired)}"

    async def boot(self, fire: Callable[[datetime], Awaitable[str]] | None = None) -> Schedules:
        tasks = Tasks()
        schedules = Schedules(self.database, self.clock, self.settings, tasks)
        schedules.load()
        await schedules.start(fire or self.fire)
        self.open.append((schedules, tasks))
        await self.quiet()
        return schedules

    async def quiet(self) -> None:
        """Wait until every write of every process is through."""
        for _ in range(2):
            await self.database.write(lambda _: None)
            await asyncio.sleep(0)
            for schedules, tasks in self.open:
                await until(lambda s=schedules: s.view().last_tick_at is not None)
                async with schedules._lock:
                    pass
                await until(lambda t=tasks: all("watch" in name for name in t.names))

    async def pass_time(self, hours: float, step_s: float = 900) -> None:
        """Let time pass as a running console sees it: a tick each step."""
        left = hours * HOUR
        while left > 0:
            await self.clock.advance(min(step_s, left))
            left -= step_s
            for schedules, _ in self.open:
                await schedules.tick()
            await self.quiet()

    async def watch(self, seconds: float) -> None:
        """Let time pass with the watch alone, no beat; it is awaited until it sleeps again."""
        for _ in range(int(seconds / 5)):
            await until(lambda: len(self.clock._sleepers) >= len(self.open))
            await self.clock.advance(5)
        await until(lambda: len(self.clock._sleepers) >= len(self.open))
        await self.quiet()

    async def off(self) -> None:
        """End every process without a word, as kill -9 does."""
        for schedules, tasks in self.open:
            schedules._beat.stop()
            await tasks.stop()
        self.open.clear()
