"""Sums over the usage counters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.tables.usage import AiRequestMinuteRow, UserActivityRow


@dataclass(frozen=True, slots=True)
class CallSums:
    """Sums over calls to suppliers."""

    total: int = 0
    success: int = 0
    error: int = 0
    latency_ms: int = 0
    tokens: int = 0
    users: int = 0


def active_users(session: Session, since: datetime, *, is_test: bool) -> int:
    """Return how many users asked something since then."""
    query = (
        select(func.count(func.distinct(col(UserActivityRow.user_id))))
        .where(col(UserActivityRow.last_request_at) >= since)
        .where(col(UserActivityRow.is_test).is_(is_test))
    )
    return session.exec(query).one()


def active_users_by_day(session: Session, first: date) -> dict[date, int]:
    """Return how many app users asked something on each UTC day from the first on."""
    query = (
        select(col(UserActivityRow.activity_date), func.count(col(UserActivityRow.id)))
        .where(col(UserActivityRow.activity_date) >= first)
        .where(col(UserActivityRow.is_test).is_(False))
        .group_by(col(UserActivityRow.activity_date))
    )
    rows: list[tuple[date, int]] = [(day, count) for day, count in session.exec(query)]
    return dict(rows)


def call_sums(session: Session, since: datetime) -> CallSums:
    """Return the sums over every call since then."""
    row = session.exec(
        select(
            func.coalesce(func.sum(col(AiRequestMinuteRow.count)), 0),
            func.coalesce(func.sum(col(AiRequestMinuteRow.success_count)), 0),
            func.coalesce(func.sum(col(AiRequestMinuteRow.error_count)), 0),
            func.coalesce(func.sum(col(AiRequestMinuteRow.total_latency_ms)), 0),
        ).where(col(AiRequestMinuteRow.minute_at) >= since)
    ).one()
    tokens = session.exec(
        select(func.coalesce(func.sum(col(AiRequestMinuteRow.total_tokens)), 0)).where(
            col(AiRequestMinuteRow.minute_at) >= since
        )
    ).one()
    total, success, error, latency_ms = (int(value) for value in row)
    return CallSums(total, success, error, latency_ms, int(tokens))


def calls_by_model(session: Session, since: datetime) -> Mapping[str, CallSums]:
    """Return the sums over the calls of each model key since then."""
    query = (
        select(
            AiRequestMinuteRow.model,
            func.sum(col(AiRequestMinuteRow.count)),
            func.sum(col(AiRequestMinuteRow.success_count)),
            func.sum(col(AiRequestMinuteRow.total_latency_ms)),
        )
        .where(col(AiRequestMinuteRow.minute_at) >= since)
        .group_by(col(AiRequestMinuteRow.model))
    )
    askers = (
        select(
            AiRequestMinuteRow.model,
            func.count(func.distinct(col(AiRequestMinuteRow.user_id))),
        )
        .where(col(AiRequestMinuteRow.minute_at) >= since)
        .group_by(col(AiRequestMinuteRow.model))
    )
    users: dict[str, int] = {model: int(count) for model, count in session.exec(askers)}
    return {
        model: CallSums(
            total=int(total),
            success=int(success),
            error=int(total) - int(success),
            latency_ms=int(latency_ms),
            users=users.get(model, 0),
        )
        for model, total, success, latency_ms in session.exec(query)
    }
