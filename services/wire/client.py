"""WireClient: HTTP/1.1 exchanges over pooled connections, bounded, timed and never redirected.

    client = WireClient(clock, limits=Limits(), tls=None)
    response = await client.request(method, url, headers, body, deadlines)   # WireResponse
    async with client.stream(method, url, headers, body, deadlines) as reply:
        reply.status, reply.headers                  # int, lower-case names to values
        async for chunk in reply.chunks():           # Chunk(data: bytes, at: monotonic seconds)
            events = splitter.feed(chunk.data)       # services.wire.sse.SseSplitter
        body = await reply.read(limit)               # or: the rest at once, e.g. an error body
    client.close()

`headers`, `body` and `deadlines` are optional. Every failure is a WireError (services.wire.types)
with kind, detail, deadline and received; text of it may be shown, it holds no address and no key.
A request is repeated once, only when a reused connection was closed before anything was answered;
a POST only by a client made with repeats_posts (a message must not be posted twice, asking a
supplier again costs tokens and nothing else).
Leaving a stream early, or being cancelled, closes the socket at once.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from services.foundation.clock import Clock
from services.wire.address import Address, parse_address
from services.wire.connection import Connection
from services.wire.line import WireLine, drain
from services.wire.payload import payload_of
from services.wire.pool import Pool
from services.wire.types import (
    Chunk,
    Deadlines,
    Limits,
    WireError,
    WireErrorKind,
    WireResponse,
)

_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Plan:
    address: Address
    payload: bytes
    deadlines: Deadlines
    is_streamed: bool
    may_repeat: bool = False


class WireClient:
    """HTTP out for chat, load and suppliers."""

    def __init__(
        self,
        clock: Clock,
        *,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        repeats_posts: bool = False,
        reaches_local: bool = True,
    ) -> None:
        """Start without a connection; the clock stamps the chunks.

        Without `reaches_local` it connects to public addresses only, whatever a name means.
        """
        self._repeats_posts = repeats_posts
        self._pool = Pool(limits or Limits(), clock.monotonic, tls, reaches_local=reaches_local)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes = b"",
        deadlines: Deadlines = Deadlines(),  # noqa: B008  # frozen
    ) -> WireResponse:
        """Return the whole response, whatever its status; raise WireError."""
        plan = self._planned(method, url, headers, body, deadlines)
        connection = await _exchange(self._pool, plan)
        try:
            content = await connection.wait_body()  # already there: no wait
            response = WireResponse(connection.reply.status, connection.reply.headers, content)
        finally:
            self._pool.give(plan.address, connection)
        return response

    def lend_idle(self, address: Address) -> WireLine | None:
        """Return a connection that is open already, to be closed; None where lend() has to make one."""
        connection = self._pool.take_idle(address)
        if connection is None:
            return None
        return WireLine(self._pool, address, connection, is_reused=True)

    async def lend(self, address: Address, connect_s: float) -> WireLine:
        """Return a connection to the server of the address, to be closed; raise WireError."""
        connection, is_reused = await self._pool.take(address, connect_s)
        return WireLine(self._pool, address, connection, is_reused=is_reused)

    def stream(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes = b"",
        deadlines: Deadlines = Deadlines(),  # noqa: B008  # frozen
    ) -> "WireStream":
        """Return the exchange to be entered with `async with`."""
        plan = self._planned(method, url, headers, body, deadlines)
        return WireStream(self._pool, replace(plan, is_streamed=True))

    def _planned(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadlines: Deadlines
    ) -> _Plan:
        """Return what will be sent; raise WireError(BAD_REQUEST) when it cannot be sent safely."""
        address = parse_address(url)
        payload = payload_of(method, address, headers, body)
        may_repeat = method != "POST" or self._repeats_posts
        return _Plan(address, payload, deadlines, False, may_repeat)

    @property
    def lent_count(self) -> int:
        """How many connections are in use now."""
        return self._pool.lent_count

    @property
    def idle_count(self) -> int:
        """How many connections wait to be used again."""
        return self._pool.idle_count

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()


class WireStream:
    """One exchange whose body is read while it arrives."""

    def __init__(self, pool: Pool, plan: _Plan) -> None:
        """Keep what is to be sent; nothing happens before `async with`."""
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._pool = pool
        self._plan = plan
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        """Send the request and return when the response's head is there; raise WireError."""
        connection = await _exchange(self._pool, self._plan)
        self._connection = connection
        self.status = connection.reply.status
        self.headers = connection.reply.headers
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the connection back; it is closed unless the body was read to its end."""
        if self._connection is not None:
            self._pool.give(self._plan.address, self._connection)
            self._connection = None

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Yield the body read by read; raise WireError when it does not end as it should."""
        connection = self._entered()
        while (chunk := await connection.read()) is not None:
            yield chunk

    async def follow(self, take: Callable[[Chunk], bool]) -> None:
        """Give each read to `take` the moment it arrives, until it returns True or the body ends.

        Raise WireError when the body does not end as it should. Nobody is woken for a read, so a
        thousand streams cost a third of what chunks() costs; `take` must be quick and not raise.
        """
        await self._entered().follow(take)

    def extend(self, at: float) -> None:
        """Move the total deadline of the exchange to that loop time."""
        self._entered().extend(at)

    async def read(self, limit: int = 1 << 20) -> bytes:
        """Return up to `limit` bytes of what is left of the body; raise WireError."""
        connection = self._entered()
        pieces: list[bytes] = []
        size = 0
        while size < limit and (chunk := await connection.read()) is not None:
            pieces.append(chunk.data)
            size += len(chunk.data)
        return b"".join(pieces)[:limit]

    async def drain(self, within_s: float) -> None:
        """Read away what is left, so that the socket can serve again; give up after that time."""
        await drain(self._entered(), within_s)

    def _entered(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("enter the stream with `async with` first")
        return self._connection


async def _exchange(pool: Pool, plan: _Plan) -> Connection:
    """Return a connection with a head (streamed) or a whole body; repeat once where that is safe."""
    started_at = asyncio.get_running_loop().time()
    connect_s = min(plan.deadlines.connect_s, plan.deadlines.total_s)
    connection, is_reused = await pool.take(plan.address, connect_s)
    try:
        await _ask(connection, plan, started_at)
    except WireError as error:
        pool.discard(plan.address, connection)
        unanswered = error.kind is WireErrorKind.CUT and not connection.has_answered
        if not (is_reused and unanswered and plan.may_repeat):
            raise
    except BaseException:
        pool.discard(plan.address, connection)
        raise
    else:
        return connection
    connection, _ = await pool.take(plan.address, connect_s, fresh=True)
    try:
        await _ask(connection, plan, started_at)
    except BaseException:
        pool.discard(plan.address, connection)
        raise
    return connection


async def _ask(connection: Connection, plan: _Plan, started_at: float) -> None:
    connection.begin(plan.payload, plan.deadlines, started_at, is_streamed=plan.is_streamed)
    if plan.is_streamed:
        await connection.wait_head()
    else:
        await connection.wait_body()
