"""Demo views: figures of the made-up service as the pages know those of the real one."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries import stats as stats_queries
from services.accounts.types import KeySetState, UserType
from services.demo.past import probes
from services.demo.story import DAY, Story, tell
from services.demo.types import DemoData
from services.stats import reading
from services.stats.types import DayFigures, Origin
from services.stats.windows import day_span, quarter_masks

_ONLY = (Origin.DEMO,)


@dataclass(frozen=True, slots=True)
class DayRate:
    """How often its providers answered and its tokens were had on one day, in percent."""

    connectivity: float | None
    jwt: float | None


def day_rates(data: DemoData, zone: str) -> dict[date, DayRate]:
    """Return the rates of each day of the zone, oldest first."""
    story, place = _story(data), ZoneInfo(zone)
    online: defaultdict[date, list[float]] = defaultdict(list)
    had: defaultdict[date, list[float]] = defaultdict(list)
    for ran in probes(story):
        share = 100 * ran.meta["online"] / max(1, ran.total)
        online[ran.at.astimezone(place).date()].append(share)
    for slot in story.slots():
        good = sum(story.has_sign_in(slot, str(kind)) for kind in UserType)
        had[slot.astimezone(place).date()].append(100 * good / len(UserType))
    first, last = (at.astimezone(place).date() for at in (story.start, story.end))
    days = (first + count * DAY for count in range((last - first).days + 1))
    return {day: DayRate(_mean(online[day]), _mean(had[day])) for day in days}


def days_of(session: Session, rates: Mapping[date, DayRate], zone: str) -> list[DayFigures]:
    """Return the figures of these days."""
    place = ZoneInfo(zone)
    found: list[DayFigures] = []
    for day, rate in rates.items():
        span = day_span(day, place)
        calls = reading.calls_in(session, span, _ONLY)
        users = stats_queries.active_users_in_quarters(session, quarter_masks(span), _ONLY)
        found.append(
            DayFigures(
                day=day,
                active_users=users,
                requests=calls.total,
                tokens=calls.tokens,
                connectivity_rate=rate.connectivity,
                jwt_rate=rate.jwt,
                updated_at=span.end,
                pushed_at=None,
            )
        )
    return found


def connectivity(data: DemoData | None) -> dict[str, Any]:
    """Return the last look at the providers."""
    ran = probes(_story(data))[-1:] if data is not None else []
    online, total = (ran[0].meta["online"], ran[0].total) if ran else (0, 0)
    return {
        "is_running": True,
        "healthy_endpoints": online,
        "total_endpoints": total,
        "connectivity_rate": round(100 * online / total, 2) if total else 0.0,
        "last_check": ran[0].at.astimezone(UTC).isoformat() if ran else None,
        "flagged_endpoints": total - online,
    }


def availability(data: DemoData | None) -> dict[str, Any]:
    """Return the last sign-ins."""
    slots = list(_story(data).slots()) if data is not None else []
    last = slots[-1] if slots else None
    story = _story(data) if data is not None else None
    ok = {
        kind: None if last is None or story is None else story.has_sign_in(last, str(kind))
        for kind in UserType
    }
    verified = 2 * len(slots)
    return {
        "success_rate": 100.0,
        "jwks_probe": {
            "configured": True,
            "jwks_url": "",
            "ok": True,
            "error": None,
            "state": str(KeySetState.LIVE),
        },
        "verification": {
            "total_requests": verified,
            "successful_requests": verified,
            "success_rate": 100.0,
        },
        "obtainability": {
            "anonymous_ok": ok[UserType.ANONYMOUS],
            "ordinary_ok": ok[UserType.PERMANENT],
            "checked_at": last.isoformat() if last else None,
            "error": None,
        },
    }


def _story(data: DemoData) -> Story:
    return tell(data.seed, data.days, data.made_at)


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
