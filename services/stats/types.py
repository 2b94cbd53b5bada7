"""Figures: what is counted over a window, with its edges and the moment it was true."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.foundation.errors import InputError

WINDOWS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


class Origin(StrEnum):
    """Whose call it was."""

    APP = "app"
    CONSOLE = "console"  # an account of this console, or one that may administer it
    E2E = "e2e"  # users that E2E, load tests and dialogs made
    TEST = "test"  # other users known as testers by their address
    DEMO = "demo"  # made up; in no figure but its own


EVERY = tuple(origin for origin in Origin if origin is not Origin.DEMO)
APP_ONLY = (Origin.APP,)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls to suppliers, counted together."""

    total: int = 0
    success: int = 0
    latency_ms: int = 0  # of all calls together
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens: int = 0
    reported: int = 0  # calls whose supplier said how many tokens it took
    users: int = 0

    @property
    def error(self) -> int:
        """Calls that failed."""
        return self.total - self.success

    @property
    def success_rate(self) -> float | None:
        """Share that succeeded in percent, 2 decimals; None when there was none."""
        return round(100 * self.success / self.total, 2) if self.total else None

    @property
    def mean_ms(self) -> float | None:
        """Milliseconds of all calls over the number of calls, 2 decimals."""
        return round(self.latency_ms / self.total, 2) if self.total else None


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the chart; without calls it has no latency."""

    start: datetime
    end: datetime
    total: int
    success: int
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything counted from the gateway's own traffic over one window."""

    window: str
    origins: tuple[str, ...]  # whose traffic is in it
    start: datetime
    end: datetime  # not in it; the end of the present minute
    as_of: datetime  # what came later is not in it
    active_users: int
    active_left_out: Mapping[str, int]  # users of the other origins
    calls: Calls
    calls_left_out: Mapping[str, int]
    calls_before: Calls  # of the window before
    p50_ms: int | None  # within 2 % of the exact value
    p95_ms: int | None
    by_model: Mapping[str, Calls] = field(default_factory=dict[str, Calls])


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day of the operator's zone, as kept in dashboard_stats."""

    day: date
    active_users: int
    requests: int
    tokens: int
    connectivity_rate: float | None
    jwt_rate: float | None
    updated_at: datetime
    pushed_at: datetime | None


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user of the active ones."""

    user_id: str
    origin: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """The calls of one user to one model over one endpoint in one minute."""

    id: int
    minute_at: datetime
    user_id: str
    origin: str
    model: str
    endpoint_id: int | None
    count: int
    success: int
    latency_ms: int  # of all together
    tokens: int


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some of the active users, the newest first."""

    rows: tuple[UserRow, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some of the calls, the newest first."""

    rows: tuple[CallRow, ...]
    has_more: bool


def chosen(include: Iterable[str]) -> tuple[Origin, ...]:
    """Return app users and what is to be included besides; raise InputError for an unknown word."""
    words = {word.strip() for word in include if word.strip()}
    unknown = sorted(words - set(EVERY) - {"all"})
    if unknown:
        raise InputError(
            "Must be one of {choices}, not {value}",
            field="include",
            choices=", ".join((*EVERY[1:], "all")),
            value=unknown[0][:20],
        )
    if "all" in words:
        return EVERY
    return tuple(origin for origin in EVERY if origin is Origin.APP or origin in words)


def check_window(word: str) -> str:
    """Return the word; raise InputError when there is no such window."""
    if word not in WINDOWS:
        raise InputError(
            "Must be one of {choices}, not {value}",
            field="time_window",
            choices=", ".join(WINDOWS),
            value=word[:20],
        )
    return word
