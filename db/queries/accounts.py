"""Users and sessions of the embedded sign-in."""

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from db.tables.accounts import AccountSessionRow, AccountUserRow


def find_user(session: Session, user_id: str) -> AccountUserRow | None:
    """Return the user, or None."""
    return session.get(AccountUserRow, user_id)


def find_user_by_email(session: Session, email: str) -> AccountUserRow | None:
    """Return the user with that lower-case address, or None."""
    return session.exec(select(AccountUserRow).where(AccountUserRow.email == email)).first()


def page_users(session: Session, offset: int, limit: int) -> tuple[list[AccountUserRow], int]:
    """Return one page, newest first, and the number of all users."""
    newest = select(AccountUserRow).order_by(
        col(AccountUserRow.created_at).desc(), col(AccountUserRow.id)
    )
    rows = list(session.exec(newest.offset(offset).limit(limit)).all())
    return rows, session.exec(select(func.count()).select_from(AccountUserRow)).one()


def delete_user(session: Session, user_id: str) -> list[str] | None:
    """Return the ids of the sessions that went with the user, or None when there was no user."""
    row = session.get(AccountUserRow, user_id)
    if row is None:
        return None
    ended = end_sessions(session, user_id)
    session.delete(row)
    return ended


def find_session(session: Session, session_id: str) -> AccountSessionRow | None:
    """Return the session, or None when it was signed out of."""
    return session.get(AccountSessionRow, session_id)


def is_live(session: Session, session_id: str, user_id: str) -> bool:
    """Return whether the session is there, belongs to the user and was not ended."""
    row = session.get(AccountSessionRow, session_id)
    return row is not None and row.user_id == user_id and row.ended_at is None


def end_sessions(
    session: Session, user_id: str, *, only: str | None = None, but: str | None = None
) -> list[str]:
    """Delete the user's sessions (all, one, or all but one) and return their ids."""
    wanted = select(AccountSessionRow.id).where(AccountSessionRow.user_id == user_id)
    if only is not None:
        wanted = wanted.where(AccountSessionRow.id == only)
    if but is not None:
        wanted = wanted.where(AccountSessionRow.id != but)
    ids = list(session.exec(wanted).all())
    for start in range(0, len(ids), 500):  # SQLite takes a limited number of parameters
        part = ids[start : start + 500]
        session.exec(delete(AccountSessionRow).where(col(AccountSessionRow.id).in_(part)))
    return ids
