"""Plain recount: what every figure must be, counted from the list of what happened."""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.accounts.types import Caller, UserType
from services.stats.histogram import ERROR
from services.stats.types import Calls
from services.suppliers.types import Usage

LENGTHS = {"1h": 1, "24h": 24, "7d": 168, "30d": 720}


@dataclass(frozen=True, slots=True)
class Happened:
    """One request."""

    at: datetime
    caller: Caller
    origin: str
    model: str
    ok: bool
    latency_ms: int
    usage: Usage | None


def traffic(seed: int, start: datetime, days: int, count: int) -> list[Happened]:
    """Return requests in the order of time, many of them around midnights and changes of clocks."""
    chance = random.Random(seed)
    people = [_person(number) for number in range(14)]
    found: list[Happened] = []
    for _ in range(count):
        at = start + timedelta(seconds=chance.uniform(0, days * 86_400))
        if chance.random() < 0.3:  # near a full quarter of an hour: an edge of some zone's day
            at = at.replace(minute=15 * chance.randrange(4), second=0, microsecond=0)
            at += timedelta(seconds=chance.choice((-1, 0, 1)))
            at = min(at, start + timedelta(days=days))
        caller, origin = chance.choice(people)
        usage = Usage(chance.randrange(50), chance.randrange(200), None)
        found.append(
            Happened(
                at,
                caller,
                origin,
                chance.choice(("gpt", "qwen", "claude")),
                chance.random() < 0.9,
                round(math.exp(chance.uniform(0, 11))),
                usage if chance.random() < 0.7 else None,
            )
        )
    return sorted(found, key=lambda one: one.at)


def _person(number: int) -> tuple[Caller, str]:
    kind = UserType.ANONYMOUS if number % 3 else UserType.PERMANENT
    if number == 0:
        return Caller("operator", UserType.PERMANENT, is_operator=True, is_admin=True), "console"
    if number == 1:
        made = {"app_metadata": {"source": "daily_e2e"}}
        return Caller("e2e-1", kind, is_test=True, claims=made), "e2e"
    if number == 2:
        return Caller("tester", kind, is_test=True), "test"
    return Caller(f"user-{number}", kind), "app"


class Recount:
    """Counts from the list, each figure by itself."""

    def __init__(self, events: Sequence[Happened], now: datetime, origins: Sequence[str]) -> None:
        self.now = now
        self.everything = events
        self.events = [one for one in events if one.origin in origins]

    def within(self, window: str, back: int = 0) -> list[Happened]:
        start, end = self.edges(window, back)
        return [one for one in self.events if start <= one.at < end]

    def edges(self, window: str, back: int = 0) -> tuple[datetime, datetime]:
        minute = self.now.replace(second=0, microsecond=0)
        length = timedelta(hours=LENGTHS[window])
        start = minute - length
        if not back:
            return start, minute + timedelta(minutes=1)
        far = start - length
        return (far.replace(minute=0) if window == "30d" else far), start

    def users(self, window: str) -> int:
        return len({(one.caller.user_id, one.origin) for one in self.within(window)})

    def calls(self, events: Sequence[Happened]) -> Calls:
        told = [one.usage for one in events if one.usage is not None]
        return Calls(
            total=len(events),
            success=sum(one.ok for one in events),
            latency_ms=sum(one.latency_ms for one in events),
            prompt_tokens=sum(one.prompt_tokens or 0 for one in told),
            completion_tokens=sum(one.completion_tokens or 0 for one in told),
            tokens=sum((one.prompt_tokens or 0) + (one.completion_tokens or 0) for one in told),
            reported=len(told),
        )

    def by_model(self, window: str) -> dict[str, Calls]:
        found = self.within(window)
        return {
            model: self.calls([one for one in found if one.model == model])
            for model in {one.model for one in found}
        }

    def by_utc_day(self, days: int) -> list[int]:
        last = self.now.date()
        users = {(one.at.date(), one.caller.user_id) for one in self.events}
        count = Counter(day for day, _ in users)
        return [count[last - timedelta(days=back)] for back in range(days - 1, -1, -1)]

    def by_zone_day(self, zone: ZoneInfo) -> dict[date, tuple[int, int, int]]:
        """Return users, calls and tokens of each day of the zone that had any."""
        days = {one.at.astimezone(zone).date() for one in self.events}
        return {
            day: self._day(lambda one, d=day: one.at.astimezone(zone).date() == d) for day in days
        }

    def _day(self, is_in: Callable[[Happened], bool]) -> tuple[int, int, int]:
        found = [one for one in self.events if is_in(one)]
        users = {one.caller.user_id for one in found}
        return len(users), len(found), self.calls(found).tokens


def is_near(found: int | None, events: Sequence[Happened], share: float) -> bool:
    """Return whether a percentile is as near to the exact one as is stated."""
    values = sorted(one.latency_ms for one in events)
    if not values:
        return found is None
    exact = values[max(1, math.ceil(share * len(values))) - 1]
    return found is not None and abs(found - exact) <= exact * ERROR + 0.5


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return that moment."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
