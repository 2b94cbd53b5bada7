"""Formats: durations, ages, times, counts and shares as text in the page's language."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from components.words import tr

NOTHING = "–"
_MINUTE_MS = 60_000
FEW = 5  # under this many judged there is no share


def duration_text(ms: float | None) -> str:
    """Return 840 ms, 1.24 s, 12.4 s, 3 m 05 s or 2 h 05 m."""
    if ms is None:
        return NOTHING
    if ms < _MINUTE_MS - 40:  # what would round to 60.0 s is a minute
        return _short_text(ms)
    seconds = round(ms / 1000)
    if seconds < 3600:
        return tr("{m} m {s} s", m=seconds // 60, s=f"{seconds % 60:02d}")
    return tr("{h} h {m} m", h=seconds // 3600, m=f"{seconds // 60 % 60:02d}")


def _short_text(ms: float) -> str:
    if round(ms) < 1000:
        return f"{round(ms)} ms"
    return f"{ms / 1000:.2f} s" if ms < 10_000 - 5 else f"{ms / 1000:.1f} s"


def age_text(seconds: float) -> str:
    """Return how long ago that was, in one unit."""
    whole = max(0, int(seconds))
    if whole < 3:
        return tr("just now")
    if whole < 60:
        return tr("{n} s ago", n=whole)
    if whole < 3600:
        return tr("{n} min ago", n=whole // 60)
    if whole < 86_400:
        return tr("{n} h ago", n=whole // 3600)
    days = whole // 86_400
    return tr("{n} day ago", n=days) if days == 1 else tr("{n} days ago", n=days)


def age_words() -> dict[str, str]:
    """Return the templates of age_text for a widget that counts in the browser."""
    return {
        "now": tr("just now"),
        "s": tr("{n} s ago"),
        "m": tr("{n} min ago"),
        "h": tr("{n} h ago"),
        "day": tr("{n} day ago"),
        "days": tr("{n} days ago"),
        "in_s": tr("in {n} s"),
        "in_m": tr("in {n} min"),
        "in_h": tr("in {n} h"),
    }


def clock_text(at: datetime | None, zone: str, now: datetime | None = None) -> str:
    """Return HH:MM in the zone, with the date before it when it is not the day of `now`."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone_of(zone))
    if now is not None and now.astimezone(zone_of(zone)).date() == local.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}"


def moment_text(at: datetime | None, zone: str) -> str:
    """Return the whole time with its zone and offset, such as 2026-01-05 05:00:00 UTC (UTC+00:00)."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone_of(zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {zone} (UTC{offset_text(local)})"


def offset_text(local: datetime) -> str:
    """Return +08:00 for an aware time."""
    raw = f"{local:%z}"
    return f"{raw[:3]}:{raw[3:5]}"


def zone_of(name: str) -> ZoneInfo:
    """Return the zone, or UTC for a name this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def epoch_ms(at: datetime | None) -> int | None:
    """Return the time as a browser counts it; a naive time is read as UTC."""
    if at is None:
        return None
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


_UNITS = (("G", 1e9), ("M", 1e6), ("k", 1e3))


def count_text(n: float | None) -> str:
    """Return 1,204 under ten thousand, 18.2k or 3.1M above."""
    if n is None:
        return NOTHING
    if abs(n) < 10_000:
        return f"{n:,.0f}"
    unit, size = next((unit, size) for unit, size in _UNITS if abs(n) >= size)
    return f"{n / size:.1f}{unit}"


def share_text(good: int, judged: int) -> str:
    """Return the share of good in per cent, rounded down; a dash under five judged."""
    if judged < FEW:
        return NOTHING
    return f"{good * 100 // judged}%"


def judged_text(judged: int, total: int) -> str:
    """Return what stands beside every share: 18/20 judged."""
    return tr("{judged}/{total} judged", judged=judged, total=total)
