"""Read and write the users that tests make."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.queries import consoles
from db.tables.identities import TestUserRow

E2E = "e2e"


def add_intent(
    session: Session, label: str, email: str | None, meta: dict[str, Any], now: datetime
) -> int:
    """Return the id of a new row that says a user is about to be made."""
    row = TestUserRow(kind=E2E, label=label, email=email, meta_json=meta, created_at=now)
    session.add(row)
    session.flush()
    assert row.id is not None  # given by the flush
    return row.id


def note_user(session: Session, row_id: int, user_id: str, state: str, now: datetime) -> None:
    """Keep the id of the user that was made, and what the row is for now."""
    row = session.get(TestUserRow, row_id)
    if row is None:
        return
    row.supabase_user_id = user_id or row.supabase_user_id
    row.meta_json = {**(row.meta_json or {}), "state": state}
    row.last_used_at = now
    session.add(row)


def read_intents(
    session: Session, limit: int, boot_id: str = "", used_since: datetime | None = None
) -> Sequence[TestUserRow]:
    """Return rows of kind e2e, oldest first, without those another console that lives may use.

    It uses what it made or took since that time; its older ones it forgot to release.
    """
    wanted = select(TestUserRow).where(TestUserRow.kind == E2E)
    rows = session.exec(wanted.order_by(col(TestUserRow.id)).limit(limit)).all()
    owners = {_owner(row) for row in rows} - {boot_id}
    others = consoles.live_boots(session, owners)
    return [row for row in rows if _owner(row) not in others or _is_old(row, used_since)]


def own_intent(session: Session, row_id: int, boot_id: str) -> None:
    """Keep which start of a console uses the user now."""
    row = session.get(TestUserRow, row_id)
    if row is not None:
        row.meta_json = {**(row.meta_json or {}), "boot": boot_id}
        session.add(row)


def _owner(row: TestUserRow) -> str:
    return str((row.meta_json or {}).get("boot") or "")


def _is_old(row: TestUserRow, used_since: datetime | None) -> bool:
    return used_since is not None and (row.last_used_at or row.created_at) < used_since


def find_user(session: Session, user_id: str) -> TestUserRow | None:
    """Return the e2e row of a user that was made."""
    wanted = select(TestUserRow).where(
        TestUserRow.kind == E2E, TestUserRow.supabase_user_id == user_id
    )
    return session.exec(wanted.limit(1)).first()


def delete_row(session: Session, row_id: int) -> None:
    """Forget the row; fine when it is gone already."""
    row = session.get(TestUserRow, row_id)
    if row is not None:
        session.delete(row)


def add_saved(session: Session, values: Mapping[str, Any]) -> TestUserRow:
    """Return the new row of a user that stays."""
    row = TestUserRow(**values)
    session.add(row)
    session.flush()
    return row


def saved_users(session: Session, kinds: Sequence[str], limit: int) -> Sequence[TestUserRow]:
    """Return rows of those kinds, newest first."""
    wanted = select(TestUserRow).where(col(TestUserRow.kind).in_(list(kinds)))
    return session.exec(wanted.order_by(col(TestUserRow.id).desc()).limit(limit)).all()


def saved_user(session: Session, row_id: int) -> TestUserRow | None:
    """Return a user that stays; None for a row of another kind."""
    row = session.get(TestUserRow, row_id)
    return None if row is None or row.kind == E2E else row


def note_saved(session: Session, row_id: int, user_id: str, now: datetime) -> None:
    """Keep who it is and that it was just refreshed and used."""
    row = session.get(TestUserRow, row_id)
    if row is None:
        return
    row.supabase_user_id = user_id or row.supabase_user_id
    row.last_used_at = row.last_refreshed_at = now
    session.add(row)
