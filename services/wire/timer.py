"""LazyTimer: a deadline that moves forward with every exchange and costs nothing for it."""

import asyncio
from collections.abc import Callable


class LazyTimer:
    """Calls back when the newest deadline is due; it may ring before and sets itself anew."""

    __slots__ = ("_handle", "_loop", "_on_due", "_rings_at", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_due: Callable[[], None]) -> None:
        """Start without a deadline."""
        self._loop = loop
        self._on_due = on_due
        self._handle: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self.due = 0.0

    def arm(self, at: float) -> None:
        """Move the deadline to that loop time."""
        self.due = at
        if self._handle is not None:
            if self._rings_at <= at:
                return
            self._handle.cancel()
        self._rings_at = at
        self._handle = self._loop.call_at(at, self._ring)

    def stop(self) -> None:
        """Forget the deadline."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _ring(self) -> None:
        self._handle = None
        if self._loop.time() < self.due:
            self.arm(self.due)
        else:
            self._on_due()
