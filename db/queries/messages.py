"""Keep and find messages, their terminal events and the conversation log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from db.queries.upsert import insert_into
from db.tables.messages import ConversationLogRow, GatewayMessageRow

PURGE_AT_ONCE = 500
_END = ("state", "terminal_json", "finished_at")


def add_message(session: Session, values: Mapping[str, Any]) -> None:
    """Keep an accepted message."""
    session.exec(insert(GatewayMessageRow).values(**values))


def keep_message(session: Session, values: Mapping[str, Any]) -> None:
    """Keep a message with its terminal event, whether or not it was kept when it was accepted."""
    statement = insert_into(session, GatewayMessageRow)
    ended = {name: statement.excluded[name] for name in _END}
    statement = statement.on_conflict_do_update(index_elements=["message_id"], set_=ended)
    session.connection().execute(statement, dict(values))


def close_running(session: Session, now: datetime, before: datetime | None = None) -> int:
    """Return how many messages that run, or those accepted before, became errors."""
    statement = (
        update(GatewayMessageRow)
        .where(col(GatewayMessageRow.state) == "running")
        .values(state="error", finished_at=now)
    )
    if before is not None:
        statement = statement.where(col(GatewayMessageRow.created_at) < before)
    return session.exec(statement).rowcount


def find_message(session: Session, message_id: str) -> GatewayMessageRow | None:
    """Return the message, or None."""
    return session.get(GatewayMessageRow, message_id)


def add_logs(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep entries of the conversation log."""
    if rows:
        session.exec(insert(ConversationLogRow), params=[dict(row) for row in rows])


def find_log(session: Session, message_id: str) -> ConversationLogRow | None:
    """Return the newest summary of a message, or None when none was kept."""
    statement = (
        select(ConversationLogRow)
        .where(
            col(ConversationLogRow.message_id) == message_id,
            col(ConversationLogRow.kind) == "summary",
        )
        .order_by(col(ConversationLogRow.id).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def purge_before(session: Session, before: datetime) -> int:
    """Return how many old messages and log entries were removed, at most 500 of each."""
    old_messages = (
        select(col(GatewayMessageRow.message_id))
        .where(col(GatewayMessageRow.created_at) < before)
        .limit(PURGE_AT_ONCE)
    )
    old_logs = (
        select(col(ConversationLogRow.id))
        .where(col(ConversationLogRow.created_at) < before)
        .limit(PURGE_AT_ONCE)
    )
    ids = session.exec(old_messages).all()
    log_ids = session.exec(old_logs).all()
    if ids:
        session.exec(delete(GatewayMessageRow).where(col(GatewayMessageRow.message_id).in_(ids)))
    if log_ids:
        session.exec(delete(ConversationLogRow).where(col(ConversationLogRow.id).in_(log_ids)))
    return len(ids) + len(log_ids)
