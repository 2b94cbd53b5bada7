"""AccountStore: the users and sessions of the database as accounts."""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.accounts import AccountUserRow
from services.accounts.types import Account, SignInRefusedError

_log = logging.getLogger(__name__)
T = TypeVar("T")


class AccountStore:
    """Both doors of the database, with failures a sign-in client understands."""

    def __init__(self, database: Database) -> None:
        """Use that database."""
        self._database = database

    async def read(self, query: Callable[[Session], T]) -> T:
        """Return the query's value; raise SignInRefusedError 503 when the store refuses."""
        try:
            return await self._database.read(query)
        except DatabaseUnavailableError as error:
            raise _unavailable(error) from error

    async def write(
        self, change: Callable[[Session], T], taken: SignInRefusedError | None = None
    ) -> T:
        """Return the change's value once it is on disk; raise SignInRefusedError 503.

        `taken` is raised when another process on the same PostgreSQL was faster with the same key.
        """
        try:
            return await self._database.write(change)
        except DatabaseUnavailableError as error:
            raise _unavailable(error) from error
        except IntegrityError as error:
            if taken is None:
                raise
            raise taken from error


def account_of(row: AccountUserRow) -> Account:
    """Return the user without its password hash."""
    return Account(
        id=row.id,
        email=row.email or "",
        is_anonymous=row.is_anonymous,
        created_at=row.created_at,
        updated_at=row.updated_at,
        email_confirmed_at=row.email_confirmed_at,
        last_sign_in_at=row.last_sign_in_at,
        banned_until=row.banned_until,
        app_metadata=row.app_metadata,
        user_metadata=row.user_metadata,
    )


def _unavailable(error: DatabaseUnavailableError) -> SignInRefusedError:
    _log.error("sign-in cannot reach the store: %s", error)
    return SignInRefusedError(
        503, "unexpected_failure", "The store is not available", retry_after_s=5
    )
