"""Numbers: the one place figures are read from, for cards, routes and sockets alike."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.engine import Database
from db.queries import stats as queries
from db.queries import usage_rows
from db.tables.usage import AiRequestMinuteRow
from services.foundation.clock import Clock
from services.foundation.storing import stored
from services.settings.service import Settings
from services.stats import reading, windows
from services.stats.types import (
    APP_ONLY,
    CallPage,
    CallRow,
    Calls,
    Figures,
    Point,
    UserPage,
    UserRow,
    check_window,
)
from services.stats.windows import DAY, Grain

PAGE = 50  # rows of a page
_KEPT = 32  # answers of the present minute
T = TypeVar("T")


class Numbers:
    """Figures of a window; asked again within a minute without news, the store is not asked."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, as_of: Callable[[], datetime]
    ) -> None:
        """`as_of` says up to when everything that happened is in the store."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._as_of = as_of
        self._kept: dict[tuple[object, ...], object] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days are shown."""
        return ZoneInfo(self._settings.preferences.e2e_timezone)

    def forget(self) -> None:
        """Read anew from now on: something was counted."""
        self._kept.clear()

    async def figures(self, window: str, origins: Sequence[str] = APP_ONLY) -> Figures:
        """Return every figure of a window; raise InputError or StoreError."""
        now, as_of = self._clock.now(), self._as_of()
        check_window(window)
        return await self._read(
            ("figures", window, tuple(origins)),
            now,
            lambda session: reading.figures(session, window, origins, now, as_of),
        )

    async def points(self, window: str, origins: Sequence[str] = APP_ONLY) -> list[Point]:
        """Return the chart of a window, oldest first; raise InputError or StoreError."""
        now, zone = self._clock.now(), self.zone
        check_window(window)
        return await self._read(
            ("points", window, tuple(origins), zone.key),
            now,
            lambda session: reading.points(session, window, origins, now, zone),
        )

    async def active_by_day(self, days: int, origins: Sequence[str] = APP_ONLY) -> dict[str, int]:
        """Return how many users were active on each of the last UTC days that had any."""
        now = self._clock.now()
        first = now.date() - (days - 1) * DAY
        return await self._read(
            ("days", days, tuple(origins)),
            now,
            lambda session: {
                day.isoformat(): count
                for day, count in queries.active_users_by_day(session, first, origins).items()
            },
        )

    async def by_model(
        self, window: str, models: Sequence[str], origins: Sequence[str] = APP_ONLY
    ) -> dict[str, Calls]:
        """Return what was asked of each of these models that was asked anything; raise InputError or StoreError."""
        now = self._clock.now()
        check_window(window)
        return await self._read(
            ("models", window, tuple(models), tuple(origins)),
            now,
            lambda session: reading.calls_by_model(session, window, models, origins, now),
        )

    async def users(
        self, window: str, origins: Sequence[str] = APP_ONLY, after: UserRow | None = None
    ) -> UserPage:
        """Return the active users of a window, after one of them; raise InputError or StoreError."""
        since = windows.window(window, self._clock.now()).start
        place = None if after is None else (after.last_at, after.user_id)
        found = await stored(
            self._database.read(
                lambda session: usage_rows.seen_rows(session, since, origins, place, PAGE + 1)
            )
        )
        rows = tuple(UserRow(row.user_id, row.origin, row.last_at) for row in found[:PAGE])
        return UserPage(rows, has_more=len(found) > PAGE)

    async def calls(
        self, window: str, origins: Sequence[str] = APP_ONLY, after: CallRow | None = None
    ) -> CallPage:
        """Return the calls of a window by minute, after one of them; raise InputError or StoreError."""
        since = windows.window(window, self._clock.now()).start
        place = None if after is None else (after.minute_at, after.id)
        found = await stored(
            self._database.read(
                lambda session: usage_rows.call_rows(session, since, origins, place, PAGE + 1)
            )
        )
        return CallPage(tuple(_call(row) for row in found[:PAGE]), has_more=len(found) > PAGE)

    async def _read(
        self, name: tuple[object, ...], now: datetime, read: Callable[[Session], T]
    ) -> T:
        key = (*name, windows.floor(now, Grain.MINUTE))
        if key in self._kept:
            return self._kept[key]  # pyright: ignore[reportReturnType]  # stored below under this very key
        found = await stored(self._database.read(read))
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[key] = found
        return found


def _call(row: AiRequestMinuteRow) -> CallRow:
    return CallRow(
        id=row.id or 0,
        minute_at=row.minute_at,
        user_id=row.user_id,
        origin=row.origin,
        model=row.model,
        endpoint_id=row.endpoint_key or None,
        count=row.count,
        success=row.success_count,
        latency_ms=row.total_latency_ms,
        tokens=row.total_tokens,
    )
