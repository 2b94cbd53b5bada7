"""Filters of the log in the address, so that a link reproduces the view."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from services.logs.types import LogFilter, LogLevel

PATH = "/logs"
WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
ALL, BETWEEN = "all", "between"
TEXT_MAX = 200
_TEXTS = {"text": "q", "user": "user", "request": "request", "logger": "logger"}


@dataclass(frozen=True, slots=True)
class Filters:
    """The choices of the bar; the defaults are left out of the address."""

    level: str = str(LogLevel.WARNING)
    text: str = ""
    user: str = ""
    request: str = ""
    logger: str = ""
    window: str = ALL
    start: datetime | None = None  # with between; aware, UTC
    end: datetime | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The choices by name."""
        return asdict(self)

    def wanted(self, now: datetime) -> LogFilter:
        """Return what the log is asked for at that moment."""
        span = WINDOWS.get(self.window)
        between = self.window == BETWEEN
        return LogFilter(
            LogLevel(self.level),
            self.text,
            self.user,
            self.request,
            self.logger,
            since=now - span if span else self.start if between else None,
            until=self.end if between else None,
        )


def read_filters(query: str) -> Filters:
    """Return the filters of an address; anything unknown in it counts as not given."""
    try:
        given = parse_qs(query, max_num_fields=20)
    except ValueError:
        return Filters()

    def one(name: str) -> str:
        return given.get(name, [""])[0].replace("\x00", "").strip()[:TEXT_MAX]

    start, end = _moment(one("from")), _moment(one("to"))
    window = one("window")
    if window not in WINDOWS:
        window = BETWEEN if start or end else ALL
    level = one("level").upper()
    between = window == BETWEEN
    return Filters(
        level if level in list(LogLevel) else str(LogLevel.WARNING),
        **{name: one(key) for name, key in _TEXTS.items()},
        window=window,
        start=start if between else None,
        end=end if between else None,
    )


def changed(filters: Filters, changes: Mapping[str, Any]) -> Filters:
    """Return the filters after a choice in the bar."""
    chosen = replace(filters, **changes)
    return chosen if chosen.window == BETWEEN else replace(chosen, start=None, end=None)


def query(filters: Filters) -> str:
    """Return the filters as the query of an address."""
    pairs: list[tuple[str, str]] = []
    if filters.level != LogLevel.WARNING:
        pairs.append(("level", filters.level))
    values = filters.values
    pairs += [(key, values[name]) for name, key in _TEXTS.items() if values[name]]
    if filters.window in WINDOWS:
        pairs.append(("window", filters.window))
    if filters.window == BETWEEN:
        moments = (("from", filters.start), ("to", filters.end))
        pairs += [(name, f"{at:%Y-%m-%dT%H:%M:%SZ}") for name, at in moments if at is not None]
    return urlencode(pairs)


def address(filters: Filters, path: str = PATH) -> str:
    """Return the address of the view, or of its download."""
    found = query(filters)
    return f"{path}?{found}" if found else path


def _moment(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
        aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
