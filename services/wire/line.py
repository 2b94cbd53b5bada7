"""WireLine: one connection lent for exchanges one after the other, told by calls, not by waking.

    line = await client.lend(url, connect_s)       # raises WireError
    line.send("POST", url, headers, body, deadlines, on_end)          # a whole response
    line.send("GET", url, headers, b"", deadlines, on_end, take)      # each read goes to take
    line.close()                                    # exactly once

`on_end` is called once, when the response is whole, `take` wants no more, or it failed: `error`
says so. It may send the next request at once when `can_send` is true.
"""

import asyncio
from collections.abc import Callable, Mapping

from services.wire.address import Address, parse_address
from services.wire.connection import Connection
from services.wire.payload import payload_of
from services.wire.pool import Pool
from services.wire.types import Chunk, Deadlines, WireError, WireErrorKind


class WireLine:
    """The connection of one conversation."""

    __slots__ = ("_address", "_connection", "_pool", "is_reused")

    def __init__(
        self, pool: Pool, address: Address, connection: Connection, *, is_reused: bool
    ) -> None:
        """Take over a connection of the pool."""
        self._pool = pool
        self._address = address
        self._connection = connection
        self.is_reused = is_reused

    def send(
        self,
        request: tuple[str, str, Mapping[str, str], bytes],
        deadlines: Deadlines,
        on_end: Callable[[], None],
        take: Callable[[Chunk], bool] | None = None,
    ) -> None:
        """Send (method, url, headers, body) now; raise WireError(BAD_REQUEST) when it cannot be."""
        method, url, headers, body = request
        address = parse_address(url)
        if address.origin != self._address.origin:
            raise WireError(WireErrorKind.BAD_REQUEST, "that is another server")
        payload = payload_of(method, address, headers, body)
        self._connection.drive(payload, deadlines, on_end, take)

    @property
    def status(self) -> int:
        """HTTP status of the response, 0 without a head."""
        return self._connection.reply.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, names in lower case."""
        return self._connection.reply.headers

    @property
    def body(self) -> bytes:
        """The whole body of a response that was not taken read by read."""
        return b"".join(self._connection.reply.pieces)

    @property
    def error(self) -> WireError | None:
        """Why the exchange failed."""
        return self._connection.error

    @property
    def thrown(self) -> Exception | None:
        """What `take` raised, which ended the exchange."""
        return self._connection.thrown

    @property
    def is_whole(self) -> bool:
        """Whether the response has come to its end."""
        return self._connection.reply.is_done

    @property
    def was_cut_unanswered(self) -> bool:
        """Whether a used connection had been closed before it took the request."""
        error = self._connection.error
        is_cut = error is not None and error.kind is WireErrorKind.CUT
        return is_cut and not self._connection.has_answered

    @property
    def can_send(self) -> bool:
        """Whether the next request may go over this connection."""
        return self._connection.is_open and self._connection.reply.keeps_alive

    def extend(self, at: float) -> None:
        """Move the total deadline to that loop time."""
        self._connection.extend(at)

    async def drain(self, within_s: float) -> None:
        """Read away what is left, so that the socket can serve again; give up after that time."""
        await drain(self._connection, within_s)

    def close(self) -> None:
        """Give the connection back; it is closed unless its response is whole."""
        self._pool.give(self._address, self._connection)


async def drain(connection: Connection, within_s: float) -> None:
    """Read away what is left of a body, so that the socket can serve again; give up in time."""
    if connection.reply.is_done:
        return
    try:
        async with asyncio.timeout(within_s):
            while await connection.read() is not None:
                pass
    except (TimeoutError, WireError):
        return  # the socket is closed on leaving instead
