"""Argon2id hashes of passwords, made and checked off the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# 12 MiB, three passes, one lane: one of OWASP's equal choices, about 15 ms on one core.
_HASHER = PasswordHasher(time_cost=3, memory_cost=12_288, parallelism=1)
_AT_ONCE = 2  # bounds the memory and leaves the machine to others


class Passwords:
    """Hashes and checks; a check of a user who does not exist takes as long as a real one."""

    def __init__(self) -> None:
        """Prepare the threads; they start with the first hash."""
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """Return the hash with its salt and parameters in it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _HASHER.hash, password)

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Return whether the password is the one that was hashed."""
        if stored is None:
            self._nobody = self._nobody or await self.hash("nobody has this password")
        loop = asyncio.get_running_loop()
        hashed = stored if stored is not None else self._nobody
        right = await loop.run_in_executor(self._threads, _verify, hashed, password)
        return right and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
