"""Counters: what happened since the last write, in memory, one entry a row to be written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from db.queries.rollups import SUMMED
from services.accounts.types import Caller
from services.stats.histogram import bucket_of
from services.stats.origins import origin_of
from services.stats.types import Origin
from services.suppliers.types import Usage

ENTRIES_MAX = 50_000  # beyond it new users and models are not counted, known ones still are
HALF_DAY = 48  # quarters of an hour
DayKey = tuple[str, date]
CallKey = tuple[
    str, str, Origin, int, str, datetime
]  # user, its type, whose call it is, endpoint, model, minute


@dataclass(slots=True)
class _Activity:
    user_type: str
    origin: Origin
    first_at: datetime
    last_at: datetime
    count: int = 0
    quarters: int = 0  # one bit a quarter of an hour of the day


@dataclass(slots=True)
class _Calls:
    count: int = 0
    success: int = 0
    latency_ms: int = 0
    tokens: list[int] = field(default_factory=lambda: [0, 0, 0])
    reported: int = 0
    buckets: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one write."""

    activity: list[dict[str, Any]]
    days: list[dict[str, Any]]
    minutes: list[dict[str, Any]]
    rollups: list[dict[str, Any]]


class Counters:
    """Cheap to add to; `take` empties it."""

    def __init__(self) -> None:
        """Start at zero."""
        self._activity: dict[DayKey, _Activity] = {}
        self._calls: dict[CallKey, _Calls] = {}
        self.lost = 0  # counts given up because there were too many entries

    def __len__(self) -> int:
        """Return how many rows wait."""
        return len(self._activity) + len(self._calls)

    def add_activity(self, caller: Caller, now: datetime) -> None:
        """Count one request of a user."""
        key = (caller.user_id, now.date())
        entry = self._activity.get(key)
        if entry is None:
            if len(self._activity) >= ENTRIES_MAX:
                self.lost += 1
                return
            entry = self._activity[key] = _Activity(
                str(caller.user_type), origin_of(caller), now, now
            )
        entry.count += 1
        entry.quarters |= 1 << (now.hour * 4 + now.minute // 15)
        entry.last_at = now

    def add_call(self, key: CallKey, *, ok: bool, latency_ms: int, usage: Usage | None) -> None:
        """Count one call to a supplier."""
        entry = self._calls.get(key)
        if entry is None:
            if len(self._calls) >= ENTRIES_MAX:
                self.lost += 1
                return
            entry = self._calls[key] = _Calls()
        entry.count += 1
        entry.success += ok
        entry.latency_ms += max(0, latency_ms)
        bucket = bucket_of(latency_ms)
        entry.buckets[bucket] = entry.buckets.get(bucket, 0) + 1
        if usage is not None:
            for place, value in enumerate(_three(usage)):
                entry.tokens[place] += value
            entry.reported += 1

    def take(self, now: datetime) -> Batch:
        """Return everything counted so far and start at zero."""
        activity, self._activity = self._activity, {}
        calls, self._calls = self._calls, {}
        return Batch(
            [_activity_row(key, entry, now) for key, entry in activity.items()],
            _day_rows(calls, now),
            [_minute_row(key, entry) for key, entry in calls.items()],
            _rollup_rows(calls),
        )


def _three(usage: Usage) -> tuple[int, int, int]:
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    return prompt, completion, usage.total_tokens or prompt + completion


def _activity_row(key: DayKey, entry: _Activity, now: datetime) -> dict[str, Any]:
    return {
        "user_id": key[0],
        "user_type": entry.user_type,
        "is_test": entry.origin is not Origin.APP,
        "origin": str(entry.origin),
        "activity_date": key[1],
        "request_count": entry.count,
        "quarters_am": entry.quarters & ((1 << HALF_DAY) - 1),
        "quarters_pm": entry.quarters >> HALF_DAY,
        "first_request_at": entry.first_at,
        "last_request_at": entry.last_at,
        "created_at": now,
    }


def _day_rows(calls: Mapping[CallKey, _Calls], now: datetime) -> list[dict[str, Any]]:
    """Return one row a user, endpoint, model and day: minutes of one day are summed first."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for (user_id, _, _, endpoint, model, minute), entry in calls.items():
        key = (user_id, endpoint, model, minute.date())
        row = rows.setdefault(
            key,
            {
                "user_id": user_id,
                "endpoint_id": endpoint or None,
                "endpoint_key": endpoint,
                "model": model,
                "request_date": minute.date(),
                "count": 0,
                "total_latency_ms": 0,
                "success_count": 0,
                "error_count": 0,
                "created_at": now,
                "updated_at": now,
            },
        )
        row["count"] += entry.count
        row["total_latency_ms"] += entry.latency_ms
        row["success_count"] += entry.success
        row["error_count"] += entry.count - entry.success
    return list(rows.values())


def _minute_row(key: CallKey, entry: _Calls) -> dict[str, Any]:
    user_id, user_type, origin, endpoint, model, minute = key
    return {
        "minute_at": minute,
        "user_id": user_id,
        "user_type": user_type,
        "is_test": origin is not Origin.APP,
        "origin": str(origin),
        "endpoint_key": endpoint,
        "model": model,
        "count": entry.count,
        "success_count": entry.success,
        "error_count": entry.count - entry.success,
        "total_latency_ms": entry.latency_ms,
        "prompt_tokens": entry.tokens[0],
        "completion_tokens": entry.tokens[1],
        "total_tokens": entry.tokens[2],
    }


def _rollup_rows(calls: Mapping[CallKey, _Calls]) -> list[dict[str, Any]]:
    """Return one row a minute, origin and model: whoever asked, whichever endpoint answered."""
    rows: dict[tuple[datetime, str, str], dict[str, Any]] = {}
    for (_, _, origin, _, model, minute), entry in calls.items():
        row = rows.get((minute, origin, model))
        if row is None:
            row = rows[minute, origin, model] = {
                "grain": "minute",
                "model": model,
                "start_at": minute,
                "origin": str(origin),
                **dict.fromkeys(SUMMED, 0),
                "latency_json": dict[str, int](),
            }
        values = (entry.count, entry.success, entry.latency_ms, *entry.tokens, entry.reported)
        for name, value in zip(SUMMED, values, strict=True):
            row[name] += value
        buckets = row["latency_json"]
        for bucket, count in entry.buckets.items():
            buckets[str(bucket)] = buckets.get(str(bucket), 0) + count
    return list(rows.values())
