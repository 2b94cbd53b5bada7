"""The rows a figure was counted from, the newest first, page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from db.queries.rollups import ALL
from db.tables.numbers import LastSeenRow
from db.tables.usage import AiRequestMinuteRow


def seen_rows(
    session: Session,
    since: datetime,
    origins: Sequence[str],
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[LastSeenRow]:
    """Return who was seen since then, after a place of the list."""
    row = LastSeenRow
    query = select(row).where(
        col(row.model) == ALL, col(row.origin).in_(list(origins)), col(row.last_at) >= since
    )
    if after is not None:
        query = query.where(_below(col(row.last_at), col(row.user_id), after))
    query = query.order_by(col(row.last_at).desc(), col(row.user_id).desc()).limit(limit)
    return list(session.exec(query).all())


def call_rows(
    session: Session,
    since: datetime,
    origins: Sequence[str],
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[AiRequestMinuteRow]:
    """Return the calls since then by minute, user, endpoint and model, after a place of the list."""
    row = AiRequestMinuteRow
    query = select(row).where(col(row.origin).in_(list(origins)), col(row.minute_at) >= since)
    if after is not None:
        query = query.where(_below(col(row.minute_at), col(row.id), after))
    query = query.order_by(col(row.minute_at).desc(), col(row.id).desc()).limit(limit)
    return list(session.exec(query).all())


def _below(time: Any, key: Any, after: tuple[datetime, Any]) -> Any:
    return or_(time < after[0], and_(time == after[0], key < after[1]))
