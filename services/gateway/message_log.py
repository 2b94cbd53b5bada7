"""The event log of each message in memory: append, follow once, tell the end again, expire."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable

from services.foundation.clock import Clock

RETENTION_S = 15 * 60  # event buffers live so long after the terminal event
TOTAL_MAX_BYTES = 256_000_000
MESSAGE_MAX_BYTES = 32_000_000  # 8 MB of reply and the JSON around it
CHUNK_MAX_BYTES = 65_536


class BuffersFullError(Exception):
    """There is no room for another event; the message must end."""


class MessageLog:
    """Events of one message that were not sent yet, and its last event for good."""

    def __init__(
        self,
        message_id: str,
        conversation_id: str,
        user_id: str,
        request_id: str,
        board: "Board",
    ) -> None:
        """Start without events."""
        self.message_id = message_id
        self.conversation_id = conversation_id
        self.user_id = user_id
        self.request_id = request_id  # of the creating request
        self.terminal: bytes | None = None
        self.is_terminal_sent = False
        self.is_followed = False
        self.closed_at: float | None = None
        self._board = board
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def size(self) -> int:
        """Bytes that wait to be sent."""
        return self._size

    def append(self, frames: Iterable[bytes]) -> None:
        """Add events in order; raise BuffersFullError when the message or all of them grow too big."""
        for frame in frames:
            if self._size + len(frame) > MESSAGE_MAX_BYTES or not self._board.reserve(len(frame)):
                raise BuffersFullError
            self._frames.append(frame)
            self._size += len(frame)
        self.wake()

    def close(self, terminal: bytes) -> None:
        """Add the last event; nothing may follow."""
        if self.terminal is None:
            self.terminal = terminal
            self.closed_at = self._board.now
            self.wake()

    def peek(self) -> tuple[bytes, int]:
        """Return what may be sent at once, and of how many events it is."""
        chunk: list[bytes] = []
        size = 0
        for frame in self._frames:
            if chunk and size + len(frame) > CHUNK_MAX_BYTES:
                break
            chunk.append(frame)
            size += len(frame)
        return b"".join(chunk), len(chunk)

    def confirm(self, count: int) -> None:
        """Forget so many events: they were sent."""
        for _ in range(min(count, len(self._frames))):
            size = len(self._frames.popleft())
            self._size -= size
            self._board.release(size)

    def drop(self) -> None:
        """Forget every event but the last one."""
        self.confirm(len(self._frames))

    async def wait(self, timeout_s: float) -> None:
        """Return when something was added, somebody woke us, or the time passed."""
        if self._frames or self.terminal is not None:
            return
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(timeout_s, _resolve, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def wake(self) -> None:
        """Let the follower look again."""
        if self._waiter is not None:
            _resolve(self._waiter)


class Board:
    """Every message whose events are still in memory, bounded in bytes and in time."""

    def __init__(self, clock: Clock, total_max_bytes: int = TOTAL_MAX_BYTES) -> None:
        """Start empty."""
        self._clock = clock
        self._max = total_max_bytes
        self._logs: OrderedDict[str, MessageLog] = OrderedDict()
        self._size = 0

    @property
    def now(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    @property
    def size(self) -> int:
        """Bytes of all events that wait to be sent."""
        return self._size

    @property
    def count(self) -> int:
        """How many messages are kept."""
        return len(self._logs)

    def open(
        self, message_id: str, conversation_id: str, user_id: str, request_id: str
    ) -> MessageLog:
        """Return the log of a new message."""
        log = MessageLog(message_id, conversation_id, user_id, request_id, self)
        self._logs[message_id] = log
        return log

    def find(self, message_id: str) -> MessageLog | None:
        """Return the log while it is kept."""
        return self._logs.get(message_id)

    def forget(self, message_id: str) -> None:
        """Drop a message that never began."""
        log = self._logs.pop(message_id, None)
        if log is not None:
            log.drop()

    def reserve(self, size: int) -> bool:
        """Return whether there is room; buffers of ended messages nobody reads give way first."""
        if self._size + size > self._max:
            self._give_way(size)
        if self._size + size > self._max:
            return False
        self._size += size
        return True

    def release(self, size: int) -> None:
        """Give room back."""
        self._size -= size

    def expire(self) -> int:
        """Return how many ended messages were forgotten because their time is over."""
        edge = self.now - RETENTION_S
        old = [
            log
            for log in self._logs.values()
            if log.closed_at is not None and log.closed_at <= edge and not log.is_followed
        ]
        for log in old:
            log.drop()
            del self._logs[log.message_id]
        return len(old)

    def _give_way(self, size: int) -> None:
        for log in self._logs.values():
            if log.terminal is not None and not log.is_followed:
                log.drop()
                if self._size + size <= self._max:
                    return


def _resolve(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
