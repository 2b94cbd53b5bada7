"""Argon2id hashes of passwords, made and checked off the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# 12 MiB, three passes, one lane: one of OWASP's equal choices, about 15 ms on one core.
_TIME_COST, _MEMORY_KIB, _LANES = 3, 12_288, 1
_AT_ONCE = 2  # bounds the memory and leaves the machine to others


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415  # the one door: the first page needs none

    return PasswordHasher(time_cost=_TIME_COST, memory_cost=_MEMORY_KIB, parallelism=_LANES)


def hash_password(password: str) -> str:
    """Return the hash with its salt and parameters in it; takes about 15 ms."""
    return _hasher().hash(password)


def is_password(password: str, stored: str) -> bool:
    """Return whether the password is the one that was hashed; takes about 15 ms."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415  # as above

    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


class Passwords:
    """Hashes and checks; a check of a user who does not exist takes as long as a real one."""

    def __init__(self) -> None:
        """Prepare the threads; they start with the first hash."""
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """Return the hash with its salt and parameters in it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, hash_password, password)

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Return whether the password is the one that was hashed."""
        if stored is None:
            self._nobody = self._nobody or await self.hash("nobody has this password")
        loop = asyncio.get_running_loop()
        hashed = stored if stored is not None else self._nobody
        right = await loop.run_in_executor(self._threads, is_password, password, hashed)
        return right and stored is not None
