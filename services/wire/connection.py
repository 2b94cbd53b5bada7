"""Connection: one socket, one HTTP/1.1 exchange at a time, bounded and timed."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from services.wire.reply import Reply
from services.wire.timer import LazyTimer
from services.wire.types import Chunk, Deadlines, Limits, WireError, WireErrorKind

_PAUSE_ABOVE = 256 * 1024  # body bytes held for a slow reader before the socket is left alone
_RESUME_BELOW = 64 * 1024


class Connection(asyncio.Protocol):
    """A socket that is lent to one exchange after the other."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        """Start unconnected; `now` gives monotonic seconds for the chunks."""
        self.reply = Reply(limits)
        self.is_open = False
        self.idle_since = 0.0
        self.on_closed: Callable[[Connection], None] | None = None  # told when lost while idle
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer = LazyTimer(self._loop, self._on_time)
        self._take: Callable[[Chunk], bool] | None = None
        self.thrown: Exception | None = None  # by `take`
        self._on_end: Callable[[], None] | None = None
        self._chunks: deque[Chunk] = deque()
        self._deadlines = Deadlines()
        self._error: WireError | None = None
        self._is_busy = False
        self._is_streamed = False
        self._is_paused = False
        self._held = 0
        self._end_at = 0.0
        self._read_at = 0.0

    @property
    def has_answered(self) -> bool:
        """Whether some byte of the present response arrived."""
        return self.reply.raw > 0

    # --- asyncio.Protocol -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Parse one read; every body byte of it gets the same time-stamp."""
        reply = self.reply
        if self._take is not None and not reply.is_done:
            self._follow_read(data)
            return
        if not self._is_busy or reply.is_done:
            reply.is_tainted = True  # who speaks unasked is not trusted with another exchange
            if not self._is_busy:
                self.drop()
            return
        had_head = reply.has_head
        try:
            reply.feed(data)
        except WireError as error:
            self._fail(error)
        self._hand_over()
        if self._is_streamed and reply.has_head and not had_head and self._error is None:
            self._timer.arm(min(self._read_at + self._deadlines.idle_s, self._end_at))

    def _follow_read(self, data: bytes) -> None:
        """Hand the body bytes of one read on; nobody is woken before the end."""
        reply, take = self.reply, self._take
        assert take is not None
        try:
            reply.feed(data)
        except WireError as error:
            self._fail(error)
        self._read_at = self._loop.time()
        pieces = reply.pieces
        if pieces:
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            try:
                has_enough = take(Chunk(body, self._now()))
            except Exception as error:  # noqa: BLE001  # boundary: told by who waits, not by the loop
                self.thrown, has_enough = error, True
            if has_enough:
                self._take = None
        if self._take is None or reply.is_done or self._error is not None:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: complete if the response may end by closing, cut otherwise."""
        self.is_open = False
        self._timer.stop()
        if self.on_closed is not None:
            self.on_closed(self)
        reply = self.reply
        if self._is_busy and not reply.is_done and self._error is None:
            if reply.ends_by_closing and reply.has_head and exc is None:
                reply.is_done = True
            else:
                self._fail(_cut(reply.received))
        self._hand_over()

    # --- one exchange -----------------------------------------------------------------------

    def begin(
        self, request: bytes, deadlines: Deadlines, started_at: float, *, is_streamed: bool
    ) -> None:
        """Send the request; `started_at` (loop time) is when the total deadline began."""
        self.reply.reset()
        self._chunks.clear()
        self._held = 0
        self._error = self.thrown = None
        self._is_busy = True
        self._is_streamed = is_streamed
        self._is_paused = False
        self._deadlines = deadlines
        self._end_at = started_at + deadlines.total_s
        self._timer.arm(min(self._loop.time() + deadlines.first_byte_s, self._end_at))
        if self._transport is None or not self.is_open:
            self._fail(_cut(0))
            return
        self._transport.write(request)

    def drive(
        self,
        request: bytes,
        deadlines: Deadlines,
        on_end: Callable[[], None],
        take: Callable[[Chunk], bool] | None,
    ) -> None:
        """Send the request; call `take` with each read of the body, if given, and `on_end` once."""
        self._on_end = on_end
        self._take = take
        self.begin(request, deadlines, self._loop.time(), is_streamed=take is not None)

    @property
    def error(self) -> WireError | None:
        """Why the present exchange failed."""
        return self._error

    async def wait_head(self) -> None:
        """Return when the response's head is there; raise WireError."""
        while not self.reply.has_head:
            if self._error is not None:
                raise self._error
            await self._sleep()

    async def wait_body(self) -> bytes:
        """Return the whole body; raise WireError."""
        while not self.reply.is_done and self._error is None:
            await self._sleep()
        if self._error is not None:
            raise self._error
        pieces = self.reply.pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def read(self) -> Chunk | None:
        """Return the body bytes of the next read, None at the end; raise WireError."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.reply.is_done:
                return None
            await self._sleep()
        chunk = self._chunks.popleft()
        self._held -= len(chunk.data)
        if self._is_paused and self._held < _RESUME_BELOW:
            self._is_paused = False
            self._read_at = self._loop.time()  # our own slowness is not the server's idleness
            if self._transport is not None and self.is_open:
                self._transport.resume_reading()
        return chunk

    async def follow(self, take: Callable[[Chunk], bool]) -> None:
        """Give each read to `take` as it arrives; return when it wants no more, or at the end."""
        while self._chunks:
            chunk = self._chunks.popleft()
            self._held -= len(chunk.data)
            if take(chunk):
                return
        self._take = take
        while self._take is not None or self.thrown is not None:
            if self.thrown is not None:
                raise self.thrown
            if self._error is not None:
                raise self._error
            if self.reply.is_done:
                return
            await self._sleep()

    def extend(self, at: float) -> None:
        """Move the total deadline to that loop time."""
        self._end_at = at
        self._timer.arm(min(self._read_at + self._deadlines.idle_s, at))

    def finish(self) -> bool:
        """End the exchange; return whether the socket may serve another one."""
        fit = self.is_open and self._error is None and not self._is_paused
        self._take = self._on_end = None
        if fit and self.reply.keeps_alive:
            self._is_busy = False
            return True
        self.drop()
        return False

    def drop(self) -> None:
        """Close the socket at once, whatever is still on its way."""
        self._timer.stop()
        self._on_end = self._take = None
        self._is_busy = False
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    async def _sleep(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._on_end is not None:
            on_end, self._on_end = self._on_end, None
            on_end()
            return
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _hand_over(self) -> None:
        reply = self.reply
        if not self._is_streamed:
            if reply.is_done:
                self._wake()
            return
        self._read_at = self._loop.time()
        if reply.pieces:
            data = reply.pieces[0] if len(reply.pieces) == 1 else b"".join(reply.pieces)
            reply.pieces.clear()
            self._chunks.append(Chunk(data, self._now()))
            self._held += len(data)
            self._hold_back()
        if reply.has_head:
            self._wake()

    def _hold_back(self) -> None:
        if self._held > _PAUSE_ABOVE and not self._is_paused and self.is_open:
            self._is_paused = True
            if self._transport is not None:
                self._transport.pause_reading()

    def _fail(self, error: WireError) -> None:
        self._timer.stop()
        if self._error is None:
            self._error = error
            self._wake()
        if self._transport is not None:
            self._transport.abort()

    def _on_time(self) -> None:
        """Fail when a deadline passed, else look again when the next one is due."""
        if self.reply.is_done or not self._is_busy:
            return
        now = self._loop.time()
        if now >= self._end_at:
            self._time_out("total")
        elif not self.reply.has_head:
            self._time_out("first_byte")
        else:
            self._look_idle(now)

    def _look_idle(self, now: float) -> None:
        if not self._is_streamed:
            self._timer.arm(self._end_at)
            return
        quiet_since = now if self._is_paused else self._read_at
        due = quiet_since + self._deadlines.idle_s
        if now >= due:
            self._time_out("idle")
        else:
            self._timer.arm(min(due, self._end_at))

    def _time_out(self, deadline: str) -> None:
        got = self.reply.received
        text = f"the {deadline} deadline passed after {got} bytes"
        self._fail(WireError(WireErrorKind.TIMEOUT, text, deadline=deadline, received=got))


def _cut(received: int) -> WireError:
    why = f"the connection ended after {received} bytes"
    return WireError(WireErrorKind.CUT, why, received=received)
