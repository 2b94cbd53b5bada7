"""Demo usage: people who ask the made-up app, counted by the counters that count real calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from services.accounts.types import UserType
from services.demo.rows import Rows
from services.demo.story import DAY, HOUR, MODELS, Story, Wrong, floor
from services.stats.counters import HALF_DAY, Batch, Counters
from services.stats.types import Origin
from services.suppliers.types import Usage

USERS = 64
_A_DAY = 300  # calls on the first day; there are more each week
_GROWTH = 0.5  # more after 30 days than at the begin
_FAILS = 0.006  # of the calls on any day
_WEEK = (1.0, 1.05, 1.0, 0.95, 0.9, 0.7, 0.75)  # Monday to Sunday
_HOURS = (2, 1, 1, 1, 1, 3, 8, 12, 10, 7, 6, 7, 9, 7, 6, 6, 8, 13, 17, 18, 15, 10, 6, 3)


@dataclass(frozen=True, slots=True)
class _Call:
    at: datetime
    user: int
    model: int


class Traffic:
    """The calls of each UTC day, as the batch of rows that a flush of that day would write."""

    def __init__(self, story: Story, rows: Rows) -> None:
        """Start on the first day."""
        self._story, self._rows = story, rows
        self._weights = list(accumulate(1 / (1 + place / 9) for place in range(USERS)))
        self._shares = list(accumulate(model.share for model in MODELS))

    def days(self) -> Iterator[Batch]:
        """Yield one batch a day, oldest first."""
        day = floor(self._story.start, DAY)
        while day < self._story.end:
            yield self._batch(day)
            day += DAY

    def _batch(self, day: datetime) -> Batch:
        rng = self._story.rng("traffic", day.date())
        calls = sorted(self._calls(day, rng), key=lambda call: call.at)
        counters = Counters()
        for call in calls:
            self._count(counters, call, rng)
        batch = counters.take(min(day + DAY, self._story.end))
        activity = [self._active(user, calls) for user in sorted({call.user for call in calls})]
        return Batch(
            self._numbered("user_activity_stats", activity),
            self._numbered("ai_request_stats", batch.days),
            self._numbered("ai_request_minutes", batch.minutes),
            batch.rollups,
        )

    def _numbered(self, table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"id": self._rows.number(table), **row} for row in rows]

    def _calls(self, day: datetime, rng: Random) -> Iterator[_Call]:
        story = self._story
        age = (day - story.start) / (30 * DAY)
        whole = _A_DAY * (1 + _GROWTH * age) * _WEEK[day.weekday()] * rng.uniform(0.88, 1.12)
        for hour, share in enumerate(_HOURS):
            for _ in range(round(whole * share / sum(_HOURS) * rng.uniform(0.7, 1.3))):
                at = day + hour * HOUR + timedelta(seconds=rng.uniform(0, 3599))
                user, model = self._one_of(self._weights, rng), self._one_of(self._shares, rng)
                if story.start <= at < story.end and not story.is_off(at):
                    yield _Call(at, user, model)

    @staticmethod
    def _one_of(weights: Sequence[float], rng: Random) -> int:
        return rng.choices(range(len(weights)), cum_weights=weights)[0]

    def _count(self, counters: Counters, call: _Call, rng: Random) -> None:
        model = MODELS[call.model]
        wrong = self._story.wrong(call.at, model, rng.random())
        is_good = wrong in (None, Wrong.SLOW, Wrong.STRUCTURE) and rng.random() > _FAILS
        pace = rng.lognormvariate(0, 0.35) * (rng.uniform(4, 7) if wrong is Wrong.SLOW else 1)
        latency_ms = round(model.total_ms * pace if is_good else rng.uniform(200, 2_500))
        tokens = Usage(rng.randint(180, 900), rng.randint(120, 700)) if is_good else None
        minute = call.at.replace(second=0, microsecond=0)
        name, kind = user_of(call.user)
        key = (name, kind, Origin.DEMO, 0, model.key, minute)
        counters.add_call(key, ok=is_good, latency_ms=latency_ms, usage=tokens)

    def _active(self, user: int, calls: Sequence[_Call]) -> dict[str, Any]:
        """Return the day of one user; their calls are in the order of time."""
        times = [call.at for call in calls if call.user == user]
        quarters = 0
        for at in times:
            quarters |= 1 << (at.hour * 4 + at.minute // 15)
        name, kind = user_of(user)
        return {
            "user_id": name,
            "user_type": kind,
            "is_test": True,
            "origin": str(Origin.DEMO),
            "activity_date": times[0].date(),
            "request_count": len(times),
            "quarters_am": quarters & ((1 << HALF_DAY) - 1),
            "quarters_pm": quarters >> HALF_DAY,
            "first_request_at": times[0],
            "last_request_at": times[-1],
            "created_at": times[0],
        }


def user_of(place: int) -> tuple[str, str]:
    """Return id and type of a user; every third one never registered."""
    kind = UserType.ANONYMOUS if place % 3 == 2 else UserType.PERMANENT
    return f"demo-user-{place + 1:03d}", str(kind)
