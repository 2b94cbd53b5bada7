"""Counts of an original: added to those that are here, each count once."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sqlmodel import Session

from db.queries import dashboard_days, usage
from db.tables.numbers import DashboardStatsRow
from services.accounts.types import UserType
from services.foundation.errors import InputError
from services.foundation.messages import say
from services.gateway.rules import family_of
from services.imports.catalogue import ENDPOINTS
from services.imports.cells import Cells
from services.imports.trip import PLANNED, Kept, Taken, Taker, Trip
from services.imports.types import Fate
from services.stats.types import Origin

Write = Callable[[Session], str]
_CALLS = ("count", "total_latency_ms", "success_count", "error_count")
_LOCAL_ACCOUNT = "test-user-"  # how ids of the original's own accounts begin
_QUARTERS = 48  # of an hour, in half a day


class CountTaker(Taker):
    """Rows of counters: what grew in the file since the last import is added."""

    batch = 200
    counters: tuple[str, ...] = ()

    def first(self, trip: Trip, row: Cells) -> Taken:
        """All it counts."""
        counts = {name: row.whole(name) or 0 for name in self.counters}
        write = self.writing(trip, row, counts)
        return Taken(Fate.ADDED, write=write, counted=counts)

    def again(self, trip: Trip, row: Cells, kept: Kept) -> Taken:
        """What it counts by now and did not before."""
        counts = {name: row.whole(name) or 0 for name in self.counters}
        grown = {name: max(count - kept.counted.get(name, 0), 0) for name, count in counts.items()}
        if not any(grown.values()):
            return Taken(Fate.KNOWN, (), kept.local_key)
        known = {name: kept.counted.get(name, 0) + more for name, more in grown.items()}
        reasons = [say("It counts more than when it was taken: the difference was added")]
        return Taken(Fate.CHANGED, reasons, write=self.writing(trip, row, grown), counted=known)

    @abstractmethod
    def writing(self, trip: Trip, row: Cells, counts: Mapping[str, int]) -> Write:
        """Return what adds these counts; raise InputError."""


class ActivityTaker(CountTaker):
    """Requests of a user on a day."""

    table = "user_activity_stats"
    counters = ("request_count",)

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return user and day."""
        return (row.needed("user_id", 200), str(_day(row, "activity_date")))

    def writing(self, trip: Trip, row: Cells, counts: Mapping[str, int]) -> Write:
        """Return what adds the requests to the user's day."""
        trip.note(
            say("Days of activity followed the clock of its server; they are taken as days in UTC")
        )
        user_id, day = row.needed("user_id", 200), _day(row, "activity_date")
        start = datetime.combine(day, datetime.min.time(), trip.now.tzinfo)
        first, last = (
            row.moment("first_request_at") or start,
            row.moment("last_request_at") or start,
        )
        quarters = _quarter(first, day) | _quarter(last, day)
        kind = row.text("user_type", 20)
        values = {
            "user_id": user_id,
            "user_type": kind if kind in tuple(UserType) else str(UserType.PERMANENT),
            "is_test": (origin := _origin(trip, user_id)) is not Origin.APP,
            "origin": str(origin),
            "activity_date": day,
            "request_count": counts["request_count"],
            "quarters_am": quarters & ((1 << _QUARTERS) - 1),
            "quarters_pm": quarters >> _QUARTERS,
            "first_request_at": first,
            "last_request_at": max(first, last),
            "created_at": row.moment("created_at") or trip.now,
        }

        def write(session: Session) -> str:
            usage.add_activity(session, [values])
            return ""

        return write


class RequestTaker(CountTaker):
    """Calls of a user, endpoint and model on a day; rows without an endpoint are summed."""

    table = "ai_request_stats"
    counters = _CALLS

    def writing(self, trip: Trip, row: Cells, counts: Mapping[str, int]) -> Write:
        """Return what adds the calls to the day."""
        here = trip.place(ENDPOINTS, row.whole("endpoint_id"))
        number = here if here is not None and here != PLANNED else None
        values = {
            "user_id": row.needed("user_id", 200),
            "endpoint_id": number,
            "endpoint_key": number or 0,
            "model": row.text("model", 300),
            "request_date": _day(row, "request_date"),
            **counts,
            "created_at": row.moment("created_at") or trip.now,
            "updated_at": row.moment("updated_at") or trip.now,
        }

        def write(session: Session) -> str:
            usage.add_requests(session, [values])
            return ""

        return write


class QuotaTaker(CountTaker):
    """What users used of today's quotas."""

    table = "ai_model_daily_usage"
    counters = ("count",)

    def writing(self, trip: Trip, row: Cells, counts: Mapping[str, int]) -> Write:
        """Return what adds the calls to the quota of the model's family; raise InputError."""
        day = _day(row, "usage_date")
        if day != trip.now.date():
            raise InputError("Only the quota of today matters")
        user_id, family = row.needed("user_id", 200), family_of(row.text("model_key", 300))

        def write(session: Session) -> str:
            used = {
                (one.user_id, one.model_key): one.count for one in usage.quota_of_day(session, day)
            }
            whole = used.get((user_id, family), 0) + counts["count"]
            usage.keep_quota(session, [(user_id, family, day, whole)], trip.now)
            return ""

        return write


class DayTaker(Taker):
    """Figures of days: one that is here stays."""

    table = "dashboard_stats"

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read which days are here."""
        del trip, rows
        self._here = {row.stat_date for row in dashboard_days.days_from(session, date.min)}

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return the day."""
        return (str(_day(row, "stat_date")),)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """The day as it is; it is not pushed to Supabase again."""
        day = _day(row, "stat_date")
        if day in self._here:
            return Taken(Fate.KNOWN, [say("The figures of that day are here and stay")], str(day))
        stored = DashboardStatsRow(
            stat_date=day,
            daily_active_users=row.small("daily_active_users") or 0,
            ai_request_count=row.small("ai_request_count") or 0,
            token_usage=row.whole("token_usage") or 0,
            api_connectivity_rate=row.share("api_connectivity_rate"),
            jwt_availability_rate=row.share("jwt_availability_rate"),
            updated_at=row.moment("updated_at") or trip.now,
            pushed_at=trip.now,
        )

        def write(session: Session) -> str:
            session.add(stored)
            session.flush()
            return str(day)

        return Taken(Fate.ADDED, write=write)


def _day(row: Cells, column: str) -> date:
    day = row.day(column)
    if day is None:
        raise InputError("It has no day")
    return day


def _origin(trip: Trip, user_id: str) -> Origin:
    if user_id.startswith(_LOCAL_ACCOUNT):
        return Origin.CONSOLE
    return Origin.TEST if user_id in trip.test_users else Origin.APP


def _quarter(at: datetime, day: date) -> int:
    """Return the bit of the quarter of an hour; none where the time is of another UTC day."""
    if at.date() != day:
        return 0
    return 1 << (at.hour * 4 + at.minute // 15)
