"""Insert, move by compare-and-set, read and repair executions."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from db.tables.executions import ExecutionRow


def insert_execution(session: Session, row: ExecutionRow) -> ExecutionRow:
    """Return the row with its new number."""
    session.add(row)
    session.flush()
    return row


def move(
    session: Session, execution_id: str, expected: Collection[str], values: Mapping[str, Any]
) -> bool:
    """Change the row only while its status is one of the expected; return whether it was."""
    statement = (
        update(ExecutionRow)
        .where(col(ExecutionRow.execution_id) == execution_id)
        .where(col(ExecutionRow.status).in_(expected))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount == 1


def find(session: Session, execution_id: str) -> ExecutionRow | None:
    """Return the row of that text id."""
    query = select(ExecutionRow).where(ExecutionRow.execution_id == execution_id)
    return session.exec(query).one_or_none()


def find_by_number(session: Session, number: int) -> ExecutionRow | None:
    """Return the row of that number."""
    return session.get(ExecutionRow, number)


def newest(session: Session, limit: int) -> list[ExecutionRow]:
    """Return the newest rows, newest first."""
    query = select(ExecutionRow).order_by(col(ExecutionRow.id).desc()).limit(limit)
    return list(session.exec(query).all())


def left_over(session: Session, boot_id: str, open_states: Collection[str]) -> list[ExecutionRow]:
    """Return the rows still open that belong to another start of the process."""
    query = (
        select(ExecutionRow)
        .where(col(ExecutionRow.status).in_(open_states))
        .where(ExecutionRow.boot_id != boot_id)
        .order_by(col(ExecutionRow.id))
    )
    return list(session.exec(query).all())


def interrupt(
    session: Session,
    boot_id: str,
    open_states: Collection[str],
    values: Mapping[str, Any],
) -> int:
    """Close every open row of other starts with the given values; return how many there were."""
    statement = (
        update(ExecutionRow)
        .where(col(ExecutionRow.status).in_(open_states))
        .where(col(ExecutionRow.boot_id) != boot_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount
