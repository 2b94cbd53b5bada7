"""Add to and read the usage counters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import func, inspect
from sqlmodel import Session, SQLModel, col, select

from db.queries.rollups import ALL, note_seen
from db.queries.upsert import dialect_of, insert_for, insert_into
from db.tables.usage import (
    AiRequestMinuteRow,
    AiRequestStatsRow,
    ModelDailyUsageRow,
    UserActivityRow,
)

_CALL_COUNTERS = ("count", "total_latency_ms", "success_count", "error_count")
_DAYS, _MINUTES = "days", "minutes"
_COUNTED: Mapping[str, type[SQLModel]] = {_DAYS: AiRequestStatsRow, _MINUTES: AiRequestMinuteRow}
_TOKEN_COUNTERS = ("prompt_tokens", "completion_tokens", "total_tokens")


def add_activity(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add request counts per user and day; each mapping holds every column but the id."""
    if not rows:
        return
    keep = _keep_activity(dialect_of(session))
    session.connection().execute(keep, [dict(one) for one in rows])
    note_seen(
        session, ((ALL, one["origin"], one["user_id"], one["last_request_at"]) for one in rows)
    )


@cache  # a statement is made once: it is written many times a second
def _keep_activity(dialect: str) -> Any:
    statement = insert_for(dialect, UserActivityRow)
    new, row = statement.excluded, UserActivityRow
    first, last = _smaller(dialect), _larger(dialect)
    return statement.on_conflict_do_update(
        index_elements=["user_id", "activity_date"],
        set_={  # what the journal adds may be older than what is there
            "request_count": col(row.request_count) + new.request_count,
            "quarters_am": col(row.quarters_am).op("|")(new.quarters_am),
            "quarters_pm": col(row.quarters_pm).op("|")(new.quarters_pm),
            "first_request_at": first(col(row.first_request_at), new.first_request_at),
            "last_request_at": last(col(row.last_request_at), new.last_request_at),
        },
    )


def add_requests(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add call counts per user, endpoint, model and day."""
    keys = ("user_id", "endpoint_key", "model", "request_date")
    _add(session, _DAYS, rows, keys, _CALL_COUNTERS, ("updated_at",))


def add_minutes(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add call and token counts per minute, user, endpoint and model."""
    keys = ("minute_at", "user_id", "endpoint_key", "model")
    _add(session, _MINUTES, rows, keys, _CALL_COUNTERS + _TOKEN_COUNTERS, ())
    note_seen(
        session, ((one["model"], one["origin"], one["user_id"], one["minute_at"]) for one in rows)
    )


def _add(  # one statement for two tables of the same kind
    session: Session,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    keys: tuple[str, ...],
    counters: tuple[str, ...],
    replaced: tuple[str, ...],
) -> None:
    if rows:
        keep = _keep_counts(dialect_of(session), name, keys, counters, replaced)
        session.connection().execute(keep, [dict(one) for one in rows])


@cache
def _keep_counts(
    dialect: str,
    name: str,
    keys: tuple[str, ...],
    counters: tuple[str, ...],
    replaced: tuple[str, ...],
) -> Any:
    table = _COUNTED[name]
    columns = inspect(table).columns
    statement = insert_for(dialect, table)
    changes: dict[str, Any] = {one: columns[one] + statement.excluded[one] for one in counters}
    changes |= {one: statement.excluded[one] for one in replaced}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=changes)


def quota_of_day(session: Session, day: date) -> list[ModelDailyUsageRow]:
    """Return what every user used that day."""
    statement = select(ModelDailyUsageRow).where(col(ModelDailyUsageRow.usage_date) == day)
    return list(session.exec(statement).all())


def keep_quota(session: Session, used: Sequence[tuple[str, str, date, int]], now: datetime) -> None:
    """Keep the given absolute counts (user, family, day, count); a stored larger count stays."""
    for user_id, family, day, count in used:
        statement = insert_into(session, ModelDailyUsageRow).values(
            user_id=user_id,
            model_key=family,
            usage_date=day,
            count=count,
            created_at=now,
            updated_at=now,
        )
        stored, new = col(ModelDailyUsageRow.count), statement.excluded["count"]
        larger = _larger(dialect_of(session))
        session.exec(
            statement.on_conflict_do_update(
                index_elements=["user_id", "model_key", "usage_date"],
                set_={"count": larger(stored, new), "updated_at": now},
            )
        )


def _larger(dialect: str) -> Callable[..., Any]:
    return func.max if dialect == "sqlite" else func.greatest


def _smaller(dialect: str) -> Callable[..., Any]:
    return func.min if dialect == "sqlite" else func.least
