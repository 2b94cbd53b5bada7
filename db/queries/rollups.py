"""Keep and read roll-ups of calls, and who was seen last when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import delete, func, inspect, select, tuple_, union_all
from sqlmodel import Session, col

from db.queries.upsert import dialect_of, insert_for
from db.tables.numbers import LastSeenRow, UsageRollupRow

ALL = ""  # the model of the roll-up of all models together
SUMMED = (
    "count",
    "success_count",
    "total_latency_ms",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "reported_count",
)
_KEYS = ("grain", "model", "start_at", "origin")
_AT_ONCE = 200  # times in one look
Key = tuple[str, str, datetime, str]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Roll-ups of one grain from a time up to, not with, another."""

    grain: str
    start: datetime
    end: datetime


# -- keeping


def add_rollups(session: Session, rows: Sequence[Row]) -> None:
    """Add calls by minute, origin and model to their minute, hour and day, and to those of all models."""
    fresh: dict[Key, dict[str, Any]] = {}
    for row in rows:
        for grain, start in _starts(row["start_at"]):
            for model in (row["model"], ALL):
                _add_up(fresh, (grain, model, start, row["origin"]), row)
    if not fresh:
        return
    for key, buckets in _present(session, list(fresh)).items():
        _merge(fresh[key]["latency_json"], buckets)
    keep = _keep_rollup(dialect_of(session))
    session.connection().execute(keep, [fresh[key] for key in sorted(fresh)])


@cache  # a statement is made once: it is written many times a second
def _keep_rollup(dialect: str) -> Any:
    statement = insert_for(dialect, UsageRollupRow)
    columns = inspect(UsageRollupRow).columns
    changes: dict[str, Any] = {name: columns[name] + statement.excluded[name] for name in SUMMED}
    changes["latency_json"] = statement.excluded["latency_json"]
    return statement.on_conflict_do_update(index_elements=list(_KEYS), set_=changes)


def note_seen(session: Session, seen: Iterable[tuple[str, str, str, datetime]]) -> None:
    """Note model, origin, user and when; what is older than what is known changes nothing."""
    newest: dict[tuple[str, str, str], datetime] = {}
    for model, origin, user_id, at in seen:
        key = (model, origin, user_id)
        newest[key] = max(at, newest.get(key, at))
    if not newest:
        return
    session.connection().execute(
        _keep_seen(dialect_of(session)),
        [
            {"model": model, "origin": origin, "user_id": user_id, "last_at": at}
            for (model, origin, user_id), at in sorted(newest.items())
        ],
    )


@cache
def _keep_seen(dialect: str) -> Any:
    statement = insert_for(dialect, LastSeenRow)
    return statement.on_conflict_do_update(
        index_elements=["model", "origin", "user_id"],
        set_={"last_at": statement.excluded["last_at"]},
        where=col(LastSeenRow.last_at) < statement.excluded["last_at"],
    )


def drop_rollups_before(session: Session, grain: str, before: datetime, limit: int) -> int:
    """Return how many roll-ups of that grain went; those of the time itself stay."""
    row = UsageRollupRow
    keys = [col(row.grain), col(row.model), col(row.start_at), col(row.origin)]
    old = select(*keys).where(keys[0] == grain, keys[2] < before).limit(limit)
    done: Any = session.connection().execute(delete(row).where(tuple_(*keys).in_(old)))
    return int(done.rowcount)


def forget_seen_before(session: Session, before: datetime, limit: int) -> int:
    """Return how many were forgotten of those seen last before any window."""
    keys = (LastSeenRow.model, LastSeenRow.origin, LastSeenRow.user_id)
    old = select(*(col(key) for key in keys)).where(col(LastSeenRow.last_at) < before).limit(limit)
    done: Any = session.connection().execute(
        delete(LastSeenRow).where(tuple_(*(col(key) for key in keys)).in_(old))
    )
    return int(done.rowcount)


def _starts(minute: datetime) -> list[tuple[str, datetime]]:
    minute = minute.astimezone(UTC)
    hour = minute.replace(minute=0)
    return [("minute", minute), ("hour", hour), ("day", hour.replace(hour=0))]


def _add_up(fresh: dict[Key, dict[str, Any]], key: Key, row: Row) -> None:
    if key not in fresh:
        fresh[key] = _empty(key)
    entry = fresh[key]
    for name in SUMMED:
        entry[name] += row[name]
    _merge(entry["latency_json"], row["latency_json"])


def _empty(key: Key) -> dict[str, Any]:
    values: dict[str, Any] = dict(zip(_KEYS, key, strict=True))
    return {**values, **dict.fromkeys(SUMMED, 0), "latency_json": {}}


def _merge(into: dict[str, int], buckets: Mapping[str, int]) -> None:
    for bucket, count in buckets.items():
        into[bucket] = into.get(bucket, 0) + count


def _present(session: Session, keys: Sequence[Key]) -> dict[Key, dict[str, int]]:
    """Return the histograms that are there; what is read is locked until the end of the change.

    Every column of the key is given, each as a list: so the primary key finds them one by one. By
    grain and time alone SQLite would read every minute that is kept.
    """
    row = UsageRollupRow
    wanted = set(keys)
    columns = (col(row.grain), col(row.model), col(row.start_at), col(row.origin))
    found: dict[Key, dict[str, int]] = {}
    for grain in {key[0] for key in keys}:
        models, times, origins = (
            sorted({key[part] for key in keys if key[0] == grain}) for part in (1, 2, 3)
        )
        for begin in range(0, len(times), _AT_ONCE):
            query = select(*columns, col(row.latency_json)).where(
                columns[0] == grain,
                columns[1].in_(models),
                columns[2].in_(times[begin : begin + _AT_ONCE]),
                columns[3].in_(origins),
            )
            rows = session.connection().execute(query.with_for_update())
            for known, model, start, origin, buckets in rows:
                key = (known, model, start, origin)
                if key in wanted:
                    found[key] = buckets or {}
    return found


# -- reading


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over calls."""

    total: int = 0
    success: int = 0
    latency_ms: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens: int = 0
    reported: int = 0


def sums_by_origin(session: Session, stretches: Sequence[Stretch]) -> dict[str, Sums]:
    """Return the sums over all models by origin."""
    row = UsageRollupRow
    found = _sums(session, stretches, [col(row.origin)], is_by_model=False)
    return {key[0]: sums for key, sums in found.items()}


def sums_by_model(
    session: Session, stretches: Sequence[Stretch], origins: Sequence[str]
) -> dict[str, Sums]:
    """Return the sums of these origins by model key."""
    row = UsageRollupRow
    found = _sums(session, stretches, [col(row.model), col(row.origin)], is_by_model=True)
    whole: dict[str, Sums] = {}
    for (model, origin), sums in found.items():
        if origin in origins:
            whole[model] = _both(whole.get(model), sums)
    return whole


def buckets_of(
    session: Session, stretches: Sequence[Stretch], origins: Sequence[str]
) -> list[tuple[datetime, int, int, dict[str, int]]]:
    """Return the roll-ups of all models: beginning, calls, good ones, latencies; one row each."""
    row = UsageRollupRow
    parts = [
        select(
            col(row.start_at), col(row.count), col(row.success_count), col(row.latency_json)
        ).where(*_within(one), col(row.model) == ALL, col(row.origin).in_(list(origins)))
        for one in stretches
    ]
    if not parts:
        return []
    found = session.connection().execute(union_all(*parts))
    return [(start, count, good, buckets or {}) for start, count, good, buckets in found]


def users_seen(session: Session, since: datetime, model: str = ALL) -> dict[str, int]:
    """Return how many users were seen since then, by origin."""
    row = LastSeenRow
    query = (
        select(col(row.origin), func.count())
        .where(col(row.model) == model, col(row.last_at) >= since)
        .group_by(col(row.origin))
    )
    return {origin: int(count) for origin, count in session.connection().execute(query)}


def users_by_model(
    session: Session, since: datetime, models: Sequence[str], origins: Sequence[str]
) -> dict[str, int]:
    """Return how many users of these origins asked each model since then."""
    row = LastSeenRow
    query = (
        select(col(row.model), func.count())
        .where(
            col(row.model).in_(list(models)),
            col(row.origin).in_(list(origins)),
            col(row.last_at) >= since,
        )
        .group_by(col(row.model))
    )
    return {model: int(count) for model, count in session.connection().execute(query)}


def _sums(
    session: Session, stretches: Sequence[Stretch], by: list[Any], *, is_by_model: bool
) -> dict[tuple[str, ...], Sums]:
    row = UsageRollupRow
    columns = [func.sum(getattr(row, name)) for name in SUMMED]
    which = col(row.model) != ALL if is_by_model else col(row.model) == ALL
    parts = [select(*by, *columns).where(*_within(one), which).group_by(*by) for one in stretches]
    whole: dict[tuple[str, ...], Sums] = {}
    if not parts:
        return whole
    for found in session.connection().execute(union_all(*parts)):
        key = tuple(found[: len(by)])
        whole[key] = _both(whole.get(key), Sums(*(int(value or 0) for value in found[len(by) :])))
    return whole


def _within(one: Stretch) -> tuple[Any, Any, Any]:
    row = UsageRollupRow
    return (
        col(row.grain) == one.grain,
        col(row.start_at) >= one.start,
        col(row.start_at) < one.end,
    )


def _both(first: Sums | None, second: Sums) -> Sums:
    if first is None:
        return second
    return Sums(
        first.total + second.total,
        first.success + second.success,
        first.latency_ms + second.latency_ms,
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.tokens + second.tokens,
        first.reported + second.reported,
    )
