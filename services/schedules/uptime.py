"""Uptime: proof on disk that the console ran, written every 30 s."""

import logging
from datetime import datetime, timedelta
from functools import partial

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import uptime as queries
from services.foundation.clock import Clock
from services.schedules import triggers
from services.schedules.types import OffSpan

_log = logging.getLogger(__name__)
BEAT_S = 30.0
JUMP_S = 5.0  # wall and monotonic time apart by more: somebody set the clock, or the machine slept
PAUSE_S = 60.0  # longer than this between two looks: the console did not run


class Uptime:
    """Compares the two clocks and keeps the stretches in which the console ran."""

    def __init__(self, database: Database, clock: Clock, boot_id: str) -> None:
        """Start without a stretch; the first look opens one."""
        self._database = database
        self._clock = clock
        self._boot_id = boot_id
        self._stretch = 0
        self._wall: datetime | None = None
        self._monotonic = 0.0
        self._written = 0.0
        self.jumps: list[float] = []  # seconds, newest last, at most 20

    async def look(self) -> float:
        """Note that the console runs; return by how many seconds the wall clock jumped, else 0."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        jump = self._jump(now, monotonic)
        paused = self._wall is not None and (now - self._wall).total_seconds() > PAUSE_S
        self._wall, self._monotonic = now, monotonic
        try:
            if not self._stretch or paused:
                self._stretch = await self._database.write(
                    lambda session: queries.begin(session, self._boot_id, now)
                )
                self._written = monotonic
            elif monotonic - self._written >= BEAT_S:
                await self.note(now)
        except DatabaseUnavailableError as error:
            _log.warning("the uptime could not be noted: %s", error)
        return jump

    async def note(self, now: datetime) -> None:
        """Write that the console runs at this time."""
        self._written = self._clock.monotonic()
        stretch = self._stretch
        if stretch:
            await self._database.write(lambda session: queries.beat(session, stretch, now))

    def _jump(self, now: datetime, monotonic: float) -> float:
        if self._wall is None:
            return 0.0
        jump = (now - self._wall).total_seconds() - (monotonic - self._monotonic)
        if abs(jump) <= JUMP_S:
            return 0.0
        _log.warning("the wall clock jumped by %+.0f s; it is now %s", jump, now.isoformat())
        self.jumps = [*self.jumps[-19:], jump]
        return jump

    async def off_spans(
        self, start: datetime, end: datetime, *, is_demo: bool = False
    ) -> list[OffSpan]:
        """Return when the console did not run between start and end, since it first ran."""
        end = min(end, self._clock.now())
        margin = timedelta(seconds=PAUSE_S)
        first = await self._database.read(partial(queries.first_start, is_demo=is_demo))
        if first is None or end <= start:
            return []
        rows = await self._database.read(
            lambda session: queries.stretches(
                session, start - margin, end + margin, is_demo=is_demo
            )
        )
        ran = [(row.started_at, row.last_seen_at) for row in rows]
        return triggers.off_spans(ran, max(start, first), end)
