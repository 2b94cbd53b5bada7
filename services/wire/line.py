"""WireLine: one connection lent for exchanges one after the other, told by calls, not by waking.

    line = client.lend_idle(address) or await client.lend(address, connect_s)  # raises WireError
    line.send(payload, deadlines, on_end)           # a whole response
    line.send(payload, deadlines, on_end, take)     # each read goes to take
    line.close()                                    # exactly once

`on_end` is called once, when the response is whole, `take` wants no more, or it failed: `error`
says so. It may send the next request at once when `can_send` is true.
"""

import asyncio
import math
from collections.abc import Callable, Mapping

from services.wire.address import Address
from services.wire.connection import Connection
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
        payload: bytes,
        deadlines: Deadlines,
        on_end: Callable[[], None],
        take: Callable[[Chunk], bool] | None = None,
        end_at: float = math.inf,
    ) -> None:
        """Send a whole request (see payload_of) now; it ends at that loop time at the latest."""
        self._connection.drive(payload, deadlines, on_end, take, end_at)

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
        pieces = self._connection.reply.pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

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

    def leave(self, is_plain: Callable[[bytes], bool]) -> None:
        """Parse reads of which `is_plain` says True only with a later one (see Connection)."""
        self._connection.leave(is_plain)

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
