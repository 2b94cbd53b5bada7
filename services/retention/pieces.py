"""Pieces: how much is done at once, so that no other change waits longer than 100 ms."""

from collections.abc import AsyncIterator, Awaitable, Callable

from services.foundation.clock import Clock

FIRST, LEAST, MOST = 100, 5, 2_000  # rows of a piece
LONG_MS, SHORT_MS = 40, 12  # a longer piece is followed by a half, a shorter one by a double


class Pieces:
    """Finds the size of the next piece from the time of the one before, commit included."""

    def __init__(self, clock: Clock) -> None:
        """Begin with a small piece."""
        self._clock = clock
        self.size = FIRST
        self.longest_ms = 0

    async def each(self, work: Callable[[int], Awaitable[int]]) -> AsyncIterator[int]:
        """Yield what each piece did, until one does nothing."""
        while count := await self.timed(work(self.size)):
            yield count

    async def timed(self, work: Awaitable[int]) -> int:
        """Return what the piece did; its time decides the size of the next."""
        begun = self._clock.monotonic()
        count = await work
        took_ms = round((self._clock.monotonic() - begun) * 1000)
        self.longest_ms = max(self.longest_ms, took_ms)
        if took_ms > LONG_MS:
            self.size = max(LEAST, self.size // 2)
        elif took_ms < SHORT_MS:
            self.size = min(MOST, self.size * 2)
        return count
