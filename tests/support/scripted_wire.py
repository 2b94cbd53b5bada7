"""A WireClient without sockets: what a server says is a list of reads, as they would arrive."""

import asyncio
from collections.abc import Sequence

from services.chat.conversation import Conversation
from services.chat.quick import QuickConversation
from services.chat.types import ChatRequest, Reply
from services.foundation.clock import SystemClock
from services.wire.client import WireClient
from services.wire.connection import Connection
from services.wire.types import Limits

ACCEPTED = b'{"message_id":"m1","conversation_id":"c1"}'
POST_ANSWER = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(ACCEPTED), ACCEPTED)
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"


class _Transport:
    """Answers a POST at once and a GET with the reads; a stream that does not end is closed."""

    def __init__(self, connection: Connection, reads: Sequence[bytes]) -> None:
        self._connection, self._reads = connection, reads
        self._is_closed = False
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes) -> None:
        reads = (POST_ANSWER,) if data.startswith(b"POST") else self._reads
        for read in reads:
            self._loop.call_soon(self._say, read)
        if not b"".join(reads[-2:]).endswith(END) and reads is self._reads:
            self._loop.call_soon(self.abort)

    def _say(self, data: bytes) -> None:
        if not self._is_closed:
            self._connection.data_received(data)

    def abort(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self._connection.connection_lost, None)

    def is_closing(self) -> bool:
        return self._is_closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def talk(*streams: Sequence[bytes], max_events: int, is_quick: bool) -> list[Reply]:
    """One conversation after the other over one client, answered with these reads."""
    clock = SystemClock()
    wire = WireClient(clock)
    left = iter(streams)
    current: list[Sequence[bytes]] = []

    async def connect(*_: object) -> Connection:
        connection = Connection(Limits(), clock.monotonic, wire._pool._heads)
        connection.connection_made(_Transport(connection, _Now(current)))  # type: ignore[arg-type]  # a stand-in without a socket
        return connection

    wire._pool._connect = connect  # type: ignore[method-assign]  # no socket is opened
    replies: list[Reply] = []
    for reads in left:
        current[:] = [reads]
        request = ChatRequest("http://server/api/v1", "token", "m", "hi", "r1",
                              max_events=max_events)  # fmt: skip
        if is_quick:
            replies.append(await QuickConversation(wire, clock, request, None).run())
        else:
            replies.append(await Conversation(wire, clock, request, lambda _event: None).run())
    wire.close()
    return replies


class _Now(Sequence[bytes]):
    """The reads of the conversation that is held now."""

    def __init__(self, current: list[Sequence[bytes]]) -> None:
        self._current = current

    def __len__(self) -> int:
        return len(self._current[0])

    def __getitem__(self, at):  # type: ignore[no-untyped-def]  # of any kind
        return self._current[0][at]
