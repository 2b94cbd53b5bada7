"""Insert, move by compare-and-set, read and repair executions and their timelines."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col, select

from db.tables.executions import ExecutionEventRow, ExecutionRow

Numbered = Callable[[Session, int], Any]  # a change that is told its sequence number


def newest_seq(session: Session) -> int:
    """Return the sequence number of the newest change of any execution, 0 when there is none."""
    return session.exec(select(func.max(ExecutionRow.seq))).one() or 0


def apply_each(session: Session, changes: Sequence[Numbered], first_seq: int) -> list[Any]:
    """Return each change's value, or the exception that undid it alone.

    What the store itself refuses (full, locked, gone) is raised and undoes all.
    """
    results: list[Any] = []
    for seq, change in enumerate(changes, first_seq):
        savepoint = session.begin_nested()
        try:
            value = change(session, seq)
            session.flush()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001  # boundary: it belongs to the change's caller
            savepoint.rollback()
            results.append(error)
        else:
            savepoint.commit()
            results.append(value)
        session.expunge_all()
    return results


def insert_execution(session: Session, row: ExecutionRow) -> ExecutionRow:
    """Return the row with its new number."""
    session.add(row)
    session.flush()
    return row


def move(
    session: Session, number: int, expected: Collection[str], values: Mapping[str, Any]
) -> bool:
    """Change the row only while its status is one of the expected; return whether it was."""
    statement = (
        update(ExecutionRow)
        .where(col(ExecutionRow.id) == number)
        .where(col(ExecutionRow.status).in_(expected))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount == 1


def add_event(  # the columns of one line
    session: Session, number: int, at: datetime, kind: str, *, text: str, data: Mapping[str, Any]
) -> int:
    """Return the sequence number the event got within its execution, counted from 1."""
    newest = select(func.max(ExecutionEventRow.seq)).where(ExecutionEventRow.execution_id == number)
    seq = (session.exec(newest).one() or 0) + 1
    session.add(
        ExecutionEventRow(
            execution_id=number, seq=seq, at=at, kind=kind, text=text, data=dict(data)
        )
    )
    session.flush()
    return seq


def events(session: Session, number: int, since: int, limit: int) -> list[ExecutionEventRow]:
    """Return the events after that sequence number, oldest first."""
    query = (
        select(ExecutionEventRow)
        .where(ExecutionEventRow.execution_id == number)
        .where(ExecutionEventRow.seq > since)
        .order_by(col(ExecutionEventRow.seq))
        .limit(limit)
    )
    return list(session.exec(query).all())


def find(session: Session, execution_id: str) -> ExecutionRow | None:
    """Return the row of that text id."""
    query = select(ExecutionRow).where(ExecutionRow.execution_id == execution_id)
    return session.exec(query).one_or_none()


def find_by_number(session: Session, number: int) -> ExecutionRow | None:
    """Return the row of that number."""
    return session.get(ExecutionRow, number)


def children(session: Session, parent_id: int, limit: int) -> list[ExecutionRow]:
    """Return the parts of an execution, oldest first."""
    query = (
        select(ExecutionRow)
        .where(ExecutionRow.parent_id == parent_id)
        .order_by(col(ExecutionRow.id))
        .limit(limit)
    )
    return list(session.exec(query).all())


def changed_since(session: Session, seq: int, limit: int) -> list[ExecutionRow]:
    """Return the rows whose newest change has a higher sequence number, in that order.

    When there are more than the limit the newest changes are returned.
    """
    query = (
        select(ExecutionRow)
        .where(ExecutionRow.seq > seq)
        .order_by(col(ExecutionRow.seq).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())[::-1]


def left_over(session: Session, boot_id: str, open_states: Collection[str]) -> list[int]:
    """Return the numbers of rows still open that belong to another start of the process."""
    query = (
        select(ExecutionRow.id)
        .where(col(ExecutionRow.status).in_(open_states))
        .where(ExecutionRow.boot_id != boot_id)
        .order_by(col(ExecutionRow.id))
    )
    return [number for number in session.exec(query).all() if number is not None]


def delete_ended(
    session: Session, before: datetime, open_states: Collection[str], limit: int
) -> list[str]:
    """Remove the oldest rows that ended before, with their events; return their text ids.

    The index of created_at bounds the walk: who ended before was created before.
    """
    query = (
        select(ExecutionRow.id, ExecutionRow.execution_id)
        .where(col(ExecutionRow.created_at) < before)
        .where(col(ExecutionRow.finished_at) < before)
        .where(col(ExecutionRow.status).not_in(open_states))
        .order_by(col(ExecutionRow.created_at))
        .limit(limit)
    )
    found = session.exec(query).all()
    numbers = [number for number, _ in found]
    connection = session.connection()
    for table, column in (
        (ExecutionEventRow, ExecutionEventRow.execution_id),
        (ExecutionRow, ExecutionRow.id),
    ):
        connection.execute(delete(table).where(col(column).in_(numbers)))
    return [execution_id for _, execution_id in found]
