"""Inbox: reads of a body that wait for a slow reader, and when their socket is to be left alone."""

from collections import deque

from services.wire.types import Chunk

_PAUSE_ABOVE = 256 * 1024  # body bytes held before the socket is left alone
_RESUME_BELOW = 64 * 1024


class Inbox:
    """The reads nobody has taken yet, in order."""

    __slots__ = ("_chunks", "_size", "is_paused")

    def __init__(self) -> None:
        """Start empty."""
        self._chunks: deque[Chunk] = deque()
        self._size = 0
        self.is_paused = False  # the socket is left alone

    def __len__(self) -> int:
        """Return how many reads wait."""
        return len(self._chunks)

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self._size = 0
        self.is_paused = False

    def put(self, chunk: Chunk) -> bool:
        """Keep a read; return whether the socket shall pause now."""
        self._chunks.append(chunk)
        self._size += len(chunk.data)
        return self._size > _PAUSE_ABOVE and not self.is_paused

    def take(self) -> Chunk:
        """Return the oldest read."""
        chunk = self._chunks.popleft()
        self._size -= len(chunk.data)
        return chunk

    def may_resume(self) -> bool:
        """Return whether a paused socket may be read again."""
        return self.is_paused and self._size < _RESUME_BELOW
