"""Marks of the journal: which records are in the database already, and the name of this database."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from db.queries.upsert import insert_into
from db.tables.journal import JournalMarkRow

_STORE = "store_"


def claim(session: Session, record_id: str, now: datetime) -> bool:
    """Return whether this transaction is the one that writes the record."""
    statement = insert_into(session, JournalMarkRow).on_conflict_do_nothing(index_elements=["id"])
    statement = statement.returning(col(JournalMarkRow.id))
    done = session.connection().execute(statement, {"id": record_id, "at": now})
    return done.first() is not None


def claim_each(session: Session, record_ids: Collection[str], now: datetime) -> set[str]:
    """Return which of these this transaction writes; the others were written before."""
    statement = insert_into(session, JournalMarkRow).on_conflict_do_nothing(index_elements=["id"])
    statement = statement.returning(col(JournalMarkRow.id))
    marks = [{"id": record_id, "at": now} for record_id in dict.fromkeys(record_ids)]
    return set(session.connection().execute(statement.values(marks)).scalars())


def claim_all(session: Session, record_ids: Collection[str], now: datetime) -> bool:
    """Return whether none of these was written before; all are marked from now on."""
    fresh = [claim(session, one, now) for one in record_ids]
    return all(fresh)


def forget_marks(session: Session, record_ids: Collection[str]) -> None:
    """Forget records whose files are gone."""
    if record_ids:
        session.exec(delete(JournalMarkRow).where(col(JournalMarkRow.id).in_(list(record_ids))))


def old_marks(session: Session, before: datetime, limit: int) -> list[str]:
    """Return some marks that are older, this database's own name never among them."""
    query = (
        select(JournalMarkRow.id)
        .where(col(JournalMarkRow.at) < before)
        .where(col(JournalMarkRow.id).not_like(f"{_STORE}%"))
        .limit(limit)
    )
    return list(session.exec(query).all())


def read_identity(session: Session) -> str:
    """Return the name this database was given once, empty when it has none yet."""
    query = select(JournalMarkRow.id).where(col(JournalMarkRow.id).startswith(_STORE))
    return session.exec(query.order_by(col(JournalMarkRow.at)).limit(1)).first() or ""


def give_identity(session: Session, name: str, now: datetime) -> str:
    """Return the name of this database, the one given when it had none."""
    found = read_identity(session)
    if not found:
        found = _STORE + name
        session.add(JournalMarkRow(id=found, at=now))
    return found
