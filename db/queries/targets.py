"""Read and write the services under test."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, func, select

from db.errors import RowNotFoundError
from db.tables.targets import TargetRow


def read_targets(session: Session) -> Sequence[TargetRow]:
    """Return every target that is not deleted, oldest first."""
    wanted = select(TargetRow).where(TargetRow.deleted_at == None)  # noqa: E711  # SQL, not Python
    return session.exec(wanted.order_by(TargetRow.id)).all()  # pyright: ignore[reportArgumentType]


def has_target_of(session: Session, api_base: str, but: int) -> bool:
    """Return whether another target with that address was ever stored, deleted ones included."""
    wanted = (
        select(TargetRow.id).where(TargetRow.api_base == api_base, TargetRow.id != but).limit(1)
    )
    return session.exec(wanted).first() is not None


def save_target(session: Session, row: TargetRow) -> TargetRow:
    """Return the row as stored; id 0 is replaced by the next free one."""
    if row.id == 0:
        highest = session.exec(select(func.max(TargetRow.id))).one()
        row.id = (highest or 1) + 1
    return session.merge(row)


def delete_target(session: Session, target_id: int, now: datetime) -> None:
    """Mark the target deleted; raise RowNotFoundError."""
    row = session.get(TargetRow, target_id)
    if row is None or row.deleted_at is not None:
        raise RowNotFoundError(f"target {target_id}")
    row.deleted_at = now
    session.add(row)
