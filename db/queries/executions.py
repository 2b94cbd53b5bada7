"""Insert, move by compare-and-set, read and repair executions and their timelines."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, update
from sqlalchemy import select as sa_select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col, select

from db.tables.executions import ExecutionEventRow, ExecutionRow

EVENTS_AT_ONCE = 5_000  # deleted together, so that no other change waits long
_INSERT = insert(ExecutionRow).returning(col(ExecutionRow.id))
_MOVE = (
    update(ExecutionRow)
    .where(col(ExecutionRow.id) == bindparam("row_number"))
    .where(col(ExecutionRow.status).in_(bindparam("row_states", expanding=True)))
)
_NEXT_EVENT = (
    select(func.coalesce(func.max(ExecutionEventRow.seq), 0) + 1)
    .where(col(ExecutionEventRow.execution_id) == bindparam("row_number"))
    .scalar_subquery()
)
_ADD_EVENT = (
    insert(ExecutionEventRow)
    .values(
        execution_id=bindparam("row_number"),
        seq=_NEXT_EVENT,
        at=bindparam("at"),
        kind=bindparam("kind"),
        text=bindparam("text"),
        data=bindparam("data"),
    )
    .returning(col(ExecutionEventRow.seq))
)

Numbered = Callable[[Session, int], Any]  # a change that is told its sequence number


def newest_seq(session: Session) -> int:
    """Return the sequence number of the newest change of any execution, 0 when there is none."""
    return session.exec(select(func.max(ExecutionRow.seq))).one() or 0


def apply_each(session: Session, changes: Sequence[Numbered], first_seq: int) -> list[Any]:
    """Return each change's value, or the exception that undid it alone.

    What the store itself refuses (full, locked, gone) is raised and undoes all. Changes are applied
    together; only when one fails are they undone and applied again one by one.
    """
    together = session.begin_nested()
    try:
        values = [change(session, seq) for seq, change in enumerate(changes, first_seq)]
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001  # boundary: found out and given to its caller below
        together.rollback()
        return [_apply(session, change, seq) for seq, change in enumerate(changes, first_seq)]
    together.commit()
    return values


def _apply(session: Session, change: Numbered, seq: int) -> Any:
    alone = session.begin_nested()
    try:
        value = change(session, seq)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  # boundary: it belongs to the change's caller
        alone.rollback()
        return error
    alone.commit()
    return value


def insert_execution(session: Session, row: ExecutionRow) -> ExecutionRow:
    """Return the row with its new number."""
    values = row.model_dump(exclude={"id"})
    row.id = session.connection().execute(_INSERT, values).scalar_one()
    return row


def move(
    session: Session, number: int, expected: Collection[str], values: Mapping[str, Any]
) -> bool:
    """Change the row only while its status is one of the expected; return whether it was."""
    given = {**values, "row_number": number, "row_states": list(expected)}
    return session.connection().execute(_MOVE, given).rowcount == 1


def add_event(  # the columns of one line
    session: Session, number: int, at: datetime, kind: str, *, text: str, data: Mapping[str, Any]
) -> int:
    """Return the sequence number the event got within its execution, counted from 1."""
    given = {"row_number": number, "at": at, "kind": kind, "text": text, "data": dict(data)}
    return session.connection().execute(_ADD_EVENT, given).scalar_one()


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


def left_over(
    session: Session, boot_id: str, open_states: Collection[str]
) -> list[tuple[int, str]]:
    """Return number and start of the process of rows still open that belong to another start."""
    query = (
        select(ExecutionRow.id, ExecutionRow.boot_id)
        .where(col(ExecutionRow.status).in_(open_states))
        .where(ExecutionRow.boot_id != boot_id)
        .order_by(col(ExecutionRow.id))
    )
    return [(number, owner) for number, owner in session.exec(query).all() if number is not None]


def open_rows(
    session: Session, boot_id: str, open_states: Collection[str], *, kind: str = ""
) -> list[ExecutionRow]:
    """Return the newest open rows of other starts of the process, oldest first, at most 200."""
    query = (
        select(ExecutionRow)
        .where(col(ExecutionRow.status).in_(open_states))
        .where(ExecutionRow.boot_id != boot_id)
        .order_by(col(ExecutionRow.id).desc())
        .limit(200)
    )
    if kind:
        query = query.where(ExecutionRow.execution_type == kind)
    return list(session.exec(query).all())[::-1]


def open_ids() -> Select[str]:
    """Return the text ids of what has not ended, as a part of another query."""
    return sa_select(col(ExecutionRow.execution_id)).where(
        col(ExecutionRow.status).in_(("pending", "running"))
    )


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
    found = found[: _within(session, [number for number, _ in found if number], EVENTS_AT_ONCE)]
    numbers = [number for number, _ in found]
    connection = session.connection()
    for table, column in (
        (ExecutionEventRow, ExecutionEventRow.execution_id),
        (ExecutionRow, ExecutionRow.id),
    ):
        connection.execute(delete(table).where(col(column).in_(numbers)))
    return [execution_id for _, execution_id in found]


def _within(session: Session, numbers: list[int], events: int) -> int:
    """Return how many of these, from the first, have at most that many events; one at least."""
    query = (
        select(ExecutionEventRow.execution_id, func.count())
        .where(col(ExecutionEventRow.execution_id).in_(numbers))
        .group_by(col(ExecutionEventRow.execution_id))
    )
    sizes = dict(session.exec(query).all())
    left = events
    for place, number in enumerate(numbers):
        left -= sizes.get(number, 0)
        if left < 0:
            return max(1, place)
    return len(numbers)
