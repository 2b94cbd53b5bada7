"""Connection: one socket, one HTTP/1.1 exchange at a time."""

import asyncio
from collections.abc import Callable
from typing import cast

from services.wire.exchange import Exchange, cut
from services.wire.heads import Heads
from services.wire.outbox import Outbox
from services.wire.types import Limits, WireError


class Connection(Exchange):
    """A socket that is lent to one exchange after the other."""

    def __init__(
        self,
        limits: Limits,
        now: Callable[[], float],
        heads: Heads | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        """Start unconnected; `now` gives monotonic seconds for the chunks."""
        super().__init__(limits, now, heads, outbox)
        self.idle_since = 0.0
        self.on_closed: Callable[[Connection], None] | None = None  # told when lost while idle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Parse one read; every body byte of it gets the same time-stamp."""
        if self._is_plain is not None and self._may_wait(data):
            return
        reply = self.reply
        if self._take is not None and not reply.is_done:
            self._follow_read(data)
        elif self._is_busy and not reply.is_done:
            self._keep_read(data)
        else:
            reply.is_tainted = True  # who speaks unasked is not trusted with another exchange
            if not self._is_busy:
                self.drop()

    def _may_wait(self, data: bytes) -> bool:
        """Return whether nothing is to be done for this read now."""
        if self._is_plain is not None and self._is_plain(data):
            self._unread.append(data)
            return True
        self._read_up()
        return self._error is not None

    def _keep_read(self, data: bytes) -> None:
        """Keep one read for who waits, and wake it."""
        reply = self.reply
        had_head = reply.has_head
        try:
            reply.feed(data)
        except WireError as error:
            self._fail(error)
        self._hand_over()
        if self._is_streamed and reply.has_head and not had_head and self._error is None:
            self._timer.arm(min(self._read_at + self._deadlines.idle_s, self._end_at))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: complete if the response may end by closing, cut otherwise."""
        self._read_up()
        self.is_open = False
        self._timer.stop()
        if self.on_closed is not None:
            self.on_closed(self)
        reply = self.reply
        if self._is_busy and not reply.is_done and self._error is None:
            if reply.ends_by_closing and reply.has_head and exc is None:
                reply.is_done = True
            else:
                self._fail(cut(reply.received))
        self._hand_over()
