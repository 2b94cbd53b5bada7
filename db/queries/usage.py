"""Add to and read the usage counters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, inspect
from sqlmodel import Session, SQLModel, col, select

from db.queries.rollups import ALL, note_seen
from db.queries.upsert import insert_into
from db.tables.usage import (
    AiRequestMinuteRow,
    AiRequestStatsRow,
    ModelDailyUsageRow,
    UserActivityRow,
)

_CALL_COUNTERS = ("count", "total_latency_ms", "success_count", "error_count")
_TOKEN_COUNTERS = ("prompt_tokens", "completion_tokens", "total_tokens")


def add_activity(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add request counts per user and day; each mapping holds every column but the id."""
    if not rows:
        return
    statement = insert_into(session, UserActivityRow)
    new, row = statement.excluded, UserActivityRow
    first, last = _smaller(session), _larger(session)
    whole = statement.on_conflict_do_update(
        index_elements=["user_id", "activity_date"],
        set_={  # what the journal adds may be older than what is there
            "request_count": col(row.request_count) + new.request_count,
            "quarters_am": col(row.quarters_am).op("|")(new.quarters_am),
            "quarters_pm": col(row.quarters_pm).op("|")(new.quarters_pm),
            "first_request_at": first(col(row.first_request_at), new.first_request_at),
            "last_request_at": last(col(row.last_request_at), new.last_request_at),
        },
    )
    session.connection().execute(whole, [dict(one) for one in rows])
    note_seen(
        session, ((ALL, one["origin"], one["user_id"], one["last_request_at"]) for one in rows)
    )


def add_requests(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add call counts per user, endpoint, model and day."""
    keys = ["user_id", "endpoint_key", "model", "request_date"]
    _add(session, AiRequestStatsRow, rows, keys, _CALL_COUNTERS, ("updated_at",))


def add_minutes(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add call and token counts per minute, user, endpoint and model."""
    keys = ["minute_at", "user_id", "endpoint_key", "model"]
    _add(session, AiRequestMinuteRow, rows, keys, _CALL_COUNTERS + _TOKEN_COUNTERS, ())
    note_seen(
        session, ((one["model"], one["origin"], one["user_id"], one["minute_at"]) for one in rows)
    )


def _add(  # one statement for two tables of the same kind
    session: Session,
    table: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    counters: Iterable[str],
    replaced: Iterable[str],
) -> None:
    if not rows:
        return
    columns = inspect(table).columns
    statement = insert_into(session, table)
    changes = {name: columns[name] + statement.excluded[name] for name in counters}
    changes |= {name: statement.excluded[name] for name in replaced}
    whole = statement.on_conflict_do_update(index_elements=list(keys), set_=changes)
    session.connection().execute(whole, [dict(one) for one in rows])


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
        larger = _larger(session)
        session.exec(
            statement.on_conflict_do_update(
                index_elements=["user_id", "model_key", "usage_date"],
                set_={"count": larger(stored, new), "updated_at": now},
            )
        )


def _larger(session: Session) -> Callable[..., Any]:
    return func.max if session.get_bind().dialect.name == "sqlite" else func.greatest


def _smaller(session: Session) -> Callable[..., Any]:
    return func.min if session.get_bind().dialect.name == "sqlite" else func.least
