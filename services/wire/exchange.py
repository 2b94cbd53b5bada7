"""Exchange: what is asked over one socket and what has come of its answer, bounded and timed."""

import asyncio
from collections.abc import Callable

from services.wire.heads import Heads
from services.wire.inbox import Inbox
from services.wire.outbox import Outbox
from services.wire.reply import Reply
from services.wire.timer import LazyTimer
from services.wire.types import Chunk, Deadlines, Limits, WireError, WireErrorKind


class Exchange(asyncio.Protocol):
    """One exchange after the other, as who asks sees them; the socket's side is Connection."""

    def __init__(
        self,
        limits: Limits,
        now: Callable[[], float],
        heads: Heads | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        """Start unconnected; `now` gives monotonic seconds for the chunks."""
        self.reply = Reply(limits, heads)
        self.is_open = False
        self._now = now
        self._outbox = outbox or Outbox()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer = LazyTimer(self._loop, self._on_time)
        self._take: Callable[[Chunk], bool] | None = None
        self.thrown: Exception | None = None  # by `take`
        self._on_end: Callable[[], None] | None = None
        self._is_plain: Callable[[bytes], bool] | None = None
        self._unread: list[bytes] = []  # plain reads that the parser has not seen yet
        self._inbox = Inbox()
        self._deadlines = Deadlines()
        self._error: WireError | None = None
        self._is_busy = False
        self._is_streamed = False
        self._end_at = 0.0
        self._read_at = 0.0

    @property
    def has_answered(self) -> bool:
        """Whether some byte of the present response arrived."""
        return self.reply.raw > 0

    def _follow_read(self, data: bytes) -> None:
        """Hand the body bytes of one read on; nobody is woken before the end."""
        reply, take = self.reply, self._take
        assert take is not None
        failure: WireError | None = None
        try:
            reply.feed(data)
        except WireError as error:
            failure = error  # told after what came before it
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
                self._take = self._is_plain = None
        if failure is not None:
            self._fail(failure)
        elif self._take is None or reply.is_done:
            self._wake()

    def _read_up(self) -> None:
        """Parse the plain reads that wait."""
        if self._unread:
            data = b"".join(self._unread)
            self._unread.clear()
            self._follow_read(data)

    # --- one exchange -----------------------------------------------------------------------

    def begin(
        self, request: bytes, deadlines: Deadlines, started_at: float, *, is_streamed: bool
    ) -> None:
        """Send the request; `started_at` (loop time) is when the total deadline began."""
        self.reply.reset()
        self._inbox.clear()
        self._unread.clear()
        self._is_plain = None
        self._error = self.thrown = None
        self._is_busy = True
        self._is_streamed = is_streamed
        self._deadlines = deadlines
        self._end_at = started_at + deadlines.total_s
        self._timer.arm(min(self._loop.time() + deadlines.first_byte_s, self._end_at))
        if self._transport is None or not self.is_open:
            self._fail(cut(0))
            return
        if self._on_end is None:
            self._transport.write(request)
        else:
            self._outbox.put(self._transport, request)

    def drive(
        self,
        request: bytes,
        deadlines: Deadlines,
        on_end: Callable[[], None],
        take: Callable[[Chunk], bool] | None,
        end_at: float,
    ) -> None:
        """Send the request; call `take` with each read of the body, if given, and `on_end` once."""
        self._on_end = on_end
        self._take = take
        started_at = min(self._loop.time(), end_at - deadlines.total_s)
        self.begin(request, deadlines, started_at, is_streamed=take is not None)

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
        while not self._inbox:
            if self._error is not None:
                raise self._error
            if self.reply.is_done:
                return None
            await self._sleep()
        chunk = self._inbox.take()
        if self._inbox.may_resume():
            self._inbox.is_paused = False
            self._read_at = self._loop.time()  # our own slowness is not the server's idleness
            if self._transport is not None and self.is_open:
                self._transport.resume_reading()
        return chunk

    async def follow(self, take: Callable[[Chunk], bool]) -> None:
        """Give each read to `take` as it arrives; return when it wants no more, or at the end."""
        while self._inbox:
            if take(self._inbox.take()):
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

    def leave(self, is_plain: Callable[[bytes], bool]) -> None:
        """Parse reads of which `is_plain` (given the raw bytes) says True only with a later one.

        It must be called while `take` takes a read, and say False before the response can end.
        """
        self._is_plain = is_plain

    def extend(self, at: float) -> None:
        """Move the total deadline to that loop time."""
        self._end_at = at
        self._timer.arm(min(self._read_at + self._deadlines.idle_s, at))

    def finish(self) -> bool:
        """End the exchange; return whether the socket may serve another one."""
        fit = self.is_open and self._error is None and not self._inbox.is_paused
        self._take = self._on_end = self._is_plain = None
        if fit and self.reply.keeps_alive:
            self._is_busy = False
            return True
        self.drop()
        return False

    def drop(self) -> None:
        """Close the socket at once, whatever is still on its way."""
        self._timer.stop()
        self._on_end = self._take = self._is_plain = None
        self._unread.clear()
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
            if self._inbox.put(Chunk(data, self._now())) and self.is_open:
                self._inbox.is_paused = True
                if self._transport is not None:
                    self._transport.pause_reading()
        if reply.has_head:
            self._wake()

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
        quiet_since = now if self._inbox.is_paused else self._read_at
        due = quiet_since + self._deadlines.idle_s
        if now >= due:
            self._time_out("idle")
        else:
            self._timer.arm(min(due, self._end_at))

    def _time_out(self, deadline: str) -> None:
        self._read_up()
        got = self.reply.received
        text = f"the {deadline} deadline passed after {got} bytes"
        self._fail(WireError(WireErrorKind.TIMEOUT, text, deadline=deadline, received=got))


def cut(received: int) -> WireError:
    """Return the failure of a socket that ended before the response did."""
    why = f"the connection ended after {received} bytes"
    return WireError(WireErrorKind.CUT, why, received=received)
