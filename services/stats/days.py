"""Days: one row of figures a day of the operator's zone, kept up to date and pushed to Supabase."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import dashboard_days as queries
from db.queries import outbox as outbox_queries
from db.queries import stats as stats_queries
from db.tables.numbers import DashboardStatsRow
from services.foundation.clock import Clock
from services.foundation.errors import ConsoleError
from services.foundation.signals import Signal
from services.foundation.steady import Steady
from services.foundation.storing import stored
from services.foundation.tasks import Tasks
from services.outbox.service import Outbox
from services.settings.service import Settings
from services.stats import reading
from services.stats.aging import age
from services.stats.day_carrier import KIND, remote_row
from services.stats.types import APP_ONLY, DayFigures
from services.stats.windows import DAY, day_span, quarter_masks

_log = logging.getLogger(__name__)
EVERY_S = 300.0
BACK = 31  # days that are counted anew once an hour: what came late belongs to its day
_OFTEN = 2  # today and yesterday
_WHOLE_S = 3600.0
_TODAY_AGAIN = timedelta(hours=1)  # how often a day that is not over is pushed


@dataclass(frozen=True, slots=True)
class Look:
    """How things stood at one look, in percent; None where there was nothing to look at."""

    connectivity: float | None
    jwt: float | None


class Days:
    """Counts today and yesterday every five minutes, the last 31 days every hour and at the start."""

    def __init__(  # composition
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        settings: Settings,
        outbox: Outbox,
        look: Callable[[], Awaitable[Look]],
    ) -> None:
        """`look` says how the endpoints and the tokens stand now."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._settings = settings
        self._outbox = outbox
        self._look = look
        self._task: asyncio.Task[None] | None = None
        self._whole_s: float | None = None  # when all days were counted
        self._swept_on: date | None = None
        self.changed: Signal[None] = Signal("stats.days_changed")

    @property
    def zone(self) -> ZoneInfo:
        """Whose days they are."""
        return ZoneInfo(self._settings.preferences.e2e_timezone)

    async def start(self) -> None:
        """Begin to count."""
        self._task = self._tasks.start(self._run(), "figures of the day")

    async def stop(self) -> None:
        """Count no further; what is kept stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def newest(self, count: int = BACK) -> list[DayFigures]:
        """Return the last days that have a row, oldest first; raise StoreError."""
        first = self._clock.now().astimezone(self.zone).date() - (count - 1) * DAY
        rows = await stored(self._database.read(lambda session: queries.days_from(session, first)))
        return [_figures(row) for row in rows]

    async def refresh(self) -> int:
        """Return how many days were counted to something new; raise DatabaseUnavailableError."""
        now, zone = self._clock.now(), self.zone
        look = await self._look()
        is_whole = self._is_whole_due()
        # Never a day whose rows have begun to go: what was counted of it stays.
        kept = self._settings.preferences.retention_stats_days
        count = min(BACK if is_whole else _OFTEN, kept)
        today = now.astimezone(zone).date()
        counted: dict[date, dict[str, Any]] = {}
        # One read each: nobody waits for all of them. Tomorrow was today in the zone before a change.
        for back in range(-1, count):
            day = today - back * DAY
            counted[day] = await self._database.read(lambda s, day=day: _count(s, day, zone))

        def change(session: Session) -> int:
            new = 0
            for day, values in counted.items():
                is_worth_a_row = day == today or any(values[name] for name in queries.USAGE[:3])
                if is_worth_a_row or queries.day_row(session, day) is not None:
                    new += queries.keep_day(session, day, values, now)
            _add_look(session, today, look, now)
            self._queue(session, today, now)
            return new

        new = await self._database.write(change)
        if is_whole:
            self._whole_s = self._clock.monotonic()
            await age(self._database, now, kept)
        if self._outbox.is_enabled():
            await self._outbox.refresh()
            self._outbox.wake()
        self.changed.emit(None)
        return new

    async def _run(self) -> None:
        steady = Steady(_log, "the figures of the day")
        while True:
            await steady.turn(self._refreshed)
            await self._clock.sleep(EVERY_S)

    async def _refreshed(self) -> None:
        try:
            await self.refresh()
        except (DatabaseUnavailableError, ConsoleError) as error:
            _log.warning("the figures of the day wait: %s", error)

    def _is_whole_due(self) -> bool:
        since = self._whole_s
        return since is None or self._clock.monotonic() - since >= _WHOLE_S

    def _queue(self, session: Session, today: date, now: datetime) -> None:
        """Let what is new wait for Supabase, and once a day the deletion of what is too old there."""
        if not self._outbox.is_enabled():
            return
        for row in queries.unpushed_days(session):
            is_early = row.stat_date == today and row.pushed_at is not None
            if is_early and row.pushed_at and now - row.pushed_at < _TODAY_AGAIN:
                continue
            _put(session, row.stat_date.isoformat(), "save", remote_row(row), now)
        if self._swept_on != today:
            kept = self._settings.preferences.retention_remote_days
            before = (today - kept * DAY).isoformat()
            _put(session, "old", "delete", {"before": before}, now)
            self._swept_on = today


def _count(session: Session, day: date, zone: ZoneInfo) -> dict[str, Any]:
    span = day_span(day, zone)
    calls = reading.calls_in(session, span, APP_ONLY)
    users = stats_queries.active_users_in_quarters(session, quarter_masks(span), APP_ONLY)
    return dict(zip(queries.USAGE, (users, calls.total, calls.tokens, zone.key), strict=True))


def _add_look(session: Session, today: date, look: Look, now: datetime) -> None:
    row = queries.day_row(session, today)
    if row is None:
        return
    if look.connectivity is not None:
        whole = row.api_connectivity_rate * row.connectivity_looks + look.connectivity
        row.connectivity_looks += 1
        row.api_connectivity_rate = whole / row.connectivity_looks
    if look.jwt is not None:
        whole = row.jwt_availability_rate * row.jwt_looks + look.jwt
        row.jwt_looks += 1
        row.jwt_availability_rate = whole / row.jwt_looks
    row.updated_at = now
    session.add(row)
    session.flush()


def _put(session: Session, key: str, op: str, payload: dict[str, Any], now: datetime) -> None:
    waiting = outbox_queries.row_of(session, KIND, key)
    if waiting is not None and waiting.payload_json == payload:
        return  # refusals counted so far stay counted
    title = f"< {payload['before']}" if op == "delete" else key
    values = {"op": op, "payload_json": payload, "title": title, "state": "waiting"}
    outbox_queries.put(session, KIND, key, {**values, "reason_json": None}, now)


def _figures(row: DashboardStatsRow) -> DayFigures:
    return DayFigures(
        day=row.stat_date,
        active_users=row.daily_active_users,
        requests=row.ai_request_count,
        tokens=row.token_usage,
        connectivity_rate=row.api_connectivity_rate if row.connectivity_looks else None,
        jwt_rate=row.jwt_availability_rate if row.jwt_looks else None,
        updated_at=row.updated_at,
        pushed_at=row.pushed_at,
    )
