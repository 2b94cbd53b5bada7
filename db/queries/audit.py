"""Write and read the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.tables.audit import AuditRow


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """Which entries a list shows; empty means all."""

    kinds: tuple[str, ...] = ()
    actor: str = ""
    subject_id: str = ""
    text: str = ""  # in subject, subject_id or actor
    start: datetime | None = None
    end: datetime | None = None


def add_entries(session: Session, entries: Sequence[AuditRow]) -> None:
    """Keep the entries; call it in the transaction of the change."""
    session.add_all(entries)
    session.flush()


def entries_page(
    session: Session, wanted: AuditWanted, limit: int, before_id: int | None = None
) -> list[AuditRow]:
    """Return at most `limit` entries, newest first, older than `before_id`."""
    row = AuditRow
    statement = select(row).order_by(col(row.id).desc()).limit(limit)
    if wanted.kinds:
        statement = statement.where(col(row.kind).in_(wanted.kinds))
    if wanted.actor:
        statement = statement.where(col(row.actor) == wanted.actor)
    if wanted.subject_id:
        statement = statement.where(col(row.subject_id) == wanted.subject_id)
    if wanted.start is not None:
        statement = statement.where(col(row.at) >= wanted.start)
    if wanted.end is not None:
        statement = statement.where(col(row.at) < wanted.end)
    if wanted.text:
        found = [
            col(part).icontains(wanted.text, autoescape=True)
            for part in (row.subject, row.subject_id, row.actor)
        ]
        statement = statement.where(or_(*found))
    if before_id is not None:
        statement = statement.where(col(row.id) < before_id)
    return list(session.exec(statement).all())


def find_entry(session: Session, entry_id: int) -> AuditRow:
    """Return the entry; raise RowNotFoundError."""
    row = session.get(AuditRow, entry_id)
    if row is None:
        raise RowNotFoundError(f"audit_log {entry_id}")
    return row


def mark_undone(session: Session, entry_id: int, actor: str, now: datetime) -> AuditRow:
    """Return the entry with who took it back and when; raise RowNotFoundError."""
    row = find_entry(session, entry_id)
    row.undone_by, row.undone_at = actor, now
    session.add(row)
    return row


def actors(session: Session) -> list[str]:
    """Return who is named in the log, by name."""
    return sorted(session.exec(select(AuditRow.actor).distinct().limit(500)).all())
