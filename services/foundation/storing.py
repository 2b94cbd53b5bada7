"""Tell people when the store refuses: the database's own error becomes a StoreError."""

from collections.abc import Awaitable
from typing import TypeVar

from db.errors import DatabaseUnavailableError
from services.foundation.errors import StoreError

T = TypeVar("T")


async def stored(work: Awaitable[T]) -> T:
    """Return what the store gave; raise StoreError when it takes or gives nothing now."""
    try:
        return await work
    except DatabaseUnavailableError as error:
        raise StoreError(
            "The database cannot be used now ({reason}). Nothing was changed; try again",
            reason=error.reason,
        ) from error
