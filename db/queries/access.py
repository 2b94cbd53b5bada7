"""Accounts, sessions and tokens of the console's own sign-in."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session, col, delete, select

from db.errors import RowNotFoundError
from db.tables.access import AccessAccountRow, AccessSessionRow, AccessTokenRow

_PART = 500  # SQLite takes a limited number of parameters


def all_accounts(session: Session) -> list[AccessAccountRow]:
    """Return every account, by name."""
    return list(session.exec(select(AccessAccountRow).order_by(AccessAccountRow.name)).all())


def all_sessions(session: Session) -> list[AccessSessionRow]:
    """Return every session that was not ended, oldest first."""
    return list(
        session.exec(select(AccessSessionRow).order_by(col(AccessSessionRow.created_at))).all()
    )


def all_tokens(session: Session) -> list[AccessTokenRow]:
    """Return every token, newest first."""
    return list(session.exec(select(AccessTokenRow).order_by(col(AccessTokenRow.id).desc())).all())


def find_account(session: Session, account_id: int) -> AccessAccountRow:
    """Return the account; raise RowNotFoundError."""
    row = session.get(AccessAccountRow, account_id)
    if row is None:
        raise RowNotFoundError(f"access_accounts {account_id}")
    return row


def find_account_by_name(session: Session, name: str) -> AccessAccountRow | None:
    """Return the account of that lower-case name, or None."""
    return session.exec(select(AccessAccountRow).where(AccessAccountRow.name == name)).first()


def end_sessions(session: Session, ids: Iterable[str]) -> None:
    """Delete the sessions; unknown ids do nothing."""
    wanted = list(ids)
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        session.exec(delete(AccessSessionRow).where(col(AccessSessionRow.id).in_(part)))


def delete_account(session: Session, account_id: int) -> None:
    """Delete the account and its sessions."""
    session.exec(delete(AccessSessionRow).where(col(AccessSessionRow.account_id) == account_id))
    session.exec(delete(AccessAccountRow).where(col(AccessAccountRow.id) == account_id))


def find_token(session: Session, token_id: int) -> AccessTokenRow:
    """Return the token; raise RowNotFoundError."""
    row = session.get(AccessTokenRow, token_id)
    if row is None:
        raise RowNotFoundError(f"access_tokens {token_id}")
    return row


def note_seen(
    session: Session, sessions: Mapping[str, datetime], tokens: Mapping[int, datetime]
) -> None:
    """Keep when sessions and tokens were last used; those that are gone stay gone."""
    for key, at in sessions.items():
        seen = session.get(AccessSessionRow, key)
        if seen is not None:
            seen.last_seen_at = at
            session.add(seen)
    for number, at in tokens.items():
        used = session.get(AccessTokenRow, number)
        if used is not None:
            used.last_used_at = at
            session.add(used)
