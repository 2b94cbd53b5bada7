"""AccountAdmin: what the service key may do with users."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.queries import accounts as queries
from db.tables.accounts import AccountUserRow
from services.accounts import rules
from services.accounts.passwords import Passwords
from services.accounts.sessions import Sessions
from services.accounts.store import AccountStore, account_of
from services.accounts.types import SignInRefusedError
from services.foundation.clock import Clock
from services.foundation.ids import new_uuid

_PAGE_DEFAULT = 50
_PAGE_MOST = 1000


class AccountAdmin:
    """Create, list, get, change and delete users."""

    def __init__(
        self, store: AccountStore, clock: Clock, sessions: Sessions, passwords: Passwords
    ) -> None:
        """Work on that store; whoever calls was admitted before."""
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._passwords = passwords

    async def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the new user; its address is confirmed when email_confirm says so."""
        if not body.get("email"):
            raise SignInRefusedError(
                400, "validation_failed", "Cannot create a user without either an email or phone"
            )
        email = rules.read_email(body["email"])
        password = body.get("password")
        hashed = await self._passwords.hash(rules.read_password(password)) if password else None
        now = self._clock.now()
        given_id = body.get("id")
        row = AccountUserRow(
            id=rules.read_uuid(str(given_id), 400, "ID must be an UUID")
            if given_id
            else new_uuid(),
            email=email,
            password_hash=hashed,
            email_confirmed_at=now if body.get("email_confirm") else None,
            banned_until=rules.banned_until(body.get("ban_duration", "none"), now),
            app_metadata=rules.merge_metadata(
                {"provider": "email", "providers": ["email"]},
                rules.read_metadata(body.get("app_metadata"), "app_metadata"),
                "app_metadata",
            ),
            user_metadata=rules.merge_metadata(
                {}, rules.read_metadata(body.get("user_metadata"), "user_metadata"), "user_metadata"
            ),
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda session: _insert(session, row), email_exists())
        return rules.user_body(account_of(row))

    async def page(self, page: str, per_page: str) -> tuple[list[dict[str, Any]], int]:
        """Return one page of users, newest first, and how many there are in all."""
        number = rules.read_page_number(page, 1, 10**9)
        size = rules.read_page_number(per_page, _PAGE_DEFAULT, _PAGE_MOST)
        rows, total = await self._store.read(
            lambda session: queries.page_users(session, (number - 1) * size, size)
        )
        return [rules.user_body(account_of(row)) for row in rows], total

    async def get(self, user_id: str) -> dict[str, Any]:
        """Return the user."""
        wanted = _user_id(user_id)
        row = await self._store.read(lambda session: queries.find_user(session, wanted))
        if row is None:
            raise _not_found()
        return rules.user_body(account_of(row))

    async def update(self, user_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user after the change; a ban ends its sessions."""
        wanted = _user_id(user_id)
        email = rules.read_email(body["email"]) if body.get("email") else None
        password = body.get("password")
        hashed = await self._passwords.hash(rules.read_password(password)) if password else None
        now = self._clock.now()

        def change(session: Session) -> tuple[AccountUserRow, list[str]]:
            row = queries.find_user(session, wanted)
            if row is None:
                raise _not_found()
            if email is not None:
                take_email(session, row, email)
            if hashed is not None:
                row.password_hash = hashed
            _apply(row, body, now)
            session.add(row)
            banned = row.banned_until is not None and row.banned_until > now
            return row, queries.end_sessions(session, row.id) if banned else []

        row, ended = await self._store.write(change, email_exists())
        self._sessions.announce_ended(ended)
        return rules.user_body(account_of(row))

    async def delete(self, user_id: str) -> None:
        """Return once the user and all its sessions are gone."""
        wanted = _user_id(user_id)
        ended = await self._store.write(lambda session: queries.delete_user(session, wanted))
        if ended is None:
            raise _not_found()
        self._sessions.announce_ended(ended)


def take_email(session: Session, row: AccountUserRow, email: str) -> None:
    """Give the user that address; raise SignInRefusedError when somebody else has it."""
    owner = queries.find_user_by_email(session, email)
    if owner is not None and owner.id != row.id:
        raise email_exists()
    row.email = email
    row.is_anonymous = False
    if not row.app_metadata.get("provider"):
        row.app_metadata = {**row.app_metadata, "provider": "email", "providers": ["email"]}


def _apply(row: AccountUserRow, body: Mapping[str, Any], now: datetime) -> None:
    for name in ("app_metadata", "user_metadata"):
        change = rules.read_metadata(body.get(name), name)
        setattr(row, name, rules.merge_metadata(getattr(row, name), change, name))
    if body.get("email_confirm") and row.email_confirmed_at is None:
        row.email_confirmed_at = now
    if "ban_duration" in body:
        row.banned_until = rules.banned_until(body["ban_duration"], now)
    row.updated_at = now


def _insert(session: Session, row: AccountUserRow) -> None:
    if queries.find_user_by_email(session, row.email or "") is not None:
        raise email_exists()
    if queries.find_user(session, row.id) is not None:
        raise SignInRefusedError(422, "user_already_exists", "A user with this ID already exists")
    session.add(row)


def email_exists() -> SignInRefusedError:
    """Return the refusal of an address that somebody else has."""
    return SignInRefusedError(
        422, "email_exists", "A user with this email address has already been registered"
    )


def _user_id(text: str) -> str:
    return rules.read_uuid(text, 404, "user_id must be an UUID")


def _not_found() -> SignInRefusedError:
    return SignInRefusedError(404, "user_not_found", "User not found")
