"""Pool: connections kept per origin, a bound on how many are open, addresses checked on connect."""

import asyncio
import ipaddress
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from services.wire.address import Address, is_forbidden_ip, is_local_ip, literal_ip
from services.wire.connection import Connection
from services.wire.heads import Heads
from services.wire.outbox import Outbox
from services.wire.types import LOCAL_REFUSED, Limits, WireError, WireErrorKind

Origin = tuple[bool, str, int]
_ADDRESSES_TRIED = 4


@dataclass(slots=True)
class _Kept:
    """What is open to one origin."""

    idle: list[Connection] = field(default_factory=list[Connection])
    lent: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    def forget(self, connection: Connection) -> None:
        """Keep a connection no longer that was lost while nobody used it."""
        connection.on_closed = None
        if connection in self.idle:
            self.idle.remove(connection)


class Pool:
    """Lends connections; whoever took one must give it back exactly once."""

    def __init__(
        self,
        limits: Limits,
        now: Callable[[], float],
        tls: ssl.SSLContext | None = None,
        *,
        reaches_local: bool = True,
    ) -> None:
        """Start empty; without a TLS context the system's roots are used."""
        self._reaches_local = reaches_local
        self._limits = limits
        self._now = now
        self._tls = tls
        self._heads = Heads()
        self._outbox = Outbox()
        self._kept: dict[Origin, _Kept] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def lent_count(self) -> int:
        """How many connections are in use now."""
        return sum(kept.lent for kept in self._kept.values())

    @property
    def idle_count(self) -> int:
        """How many connections wait to be used again."""
        return sum(len(kept.idle) for kept in self._kept.values())

    async def take(
        self, address: Address, connect_s: float, *, fresh: bool = False
    ) -> tuple[Connection, bool]:
        """Return a connection and whether it was used before; raise WireError."""
        kept = self._kept.setdefault(address.origin, _Kept())
        if kept.lent >= self._limits.connections_per_origin or kept.waiting:
            await self._wait_turn(kept, connect_s)
        else:
            kept.lent += 1
        try:
            if not fresh and (used := self._used(kept)) is not None:
                return used, True
            return await self._connect(address, connect_s), False
        except BaseException:
            self._return_turn(address.origin, kept)
            raise

    def take_idle(self, address: Address) -> Connection | None:
        """Return a connection that waits to be used again, None where take() has to be awaited."""
        kept = self._kept.get(address.origin)
        if kept is None or kept.lent >= self._limits.connections_per_origin or kept.waiting:
            return None
        connection = self._used(kept)
        if connection is not None:
            kept.lent += 1
        return connection

    def give(self, address: Address, connection: Connection) -> None:
        """Take a connection back; it is kept when it can serve again, closed otherwise."""
        kept = self._kept[address.origin]
        if connection.finish():
            if len(kept.idle) < self._limits.idle_connections_per_origin:
                connection.idle_since = asyncio.get_running_loop().time()
                connection.on_closed = kept.forget
                kept.idle.append(connection)
                self._plan_sweep()
            else:
                connection.drop()
        self._return_turn(address.origin, kept)

    def discard(self, address: Address, connection: Connection) -> None:
        """Take a connection back that must not be used again."""
        connection.drop()
        self._return_turn(address.origin, self._kept[address.origin])

    def close(self) -> None:
        """Close every idle connection; lent ones end with their exchange."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for kept in self._kept.values():
            for connection in tuple(kept.idle):
                connection.on_closed = None
                connection.drop()
            kept.idle.clear()

    async def _wait_turn(self, kept: _Kept, connect_s: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        kept.waiting.append(turn)
        try:
            async with asyncio.timeout(connect_s):
                await turn
        except TimeoutError:
            self._leave_queue(kept, turn)
            raise WireError(
                WireErrorKind.TIMEOUT, "no connection became free", deadline="connect"
            ) from None
        except BaseException:
            self._leave_queue(kept, turn)
            raise

    def _leave_queue(self, kept: _Kept, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._pass_on(kept)  # the turn was given at the very moment we stopped waiting
        elif turn in kept.waiting:
            kept.waiting.remove(turn)

    def _return_turn(self, origin: Origin, kept: _Kept) -> None:
        self._pass_on(kept)
        if not kept.lent and not kept.idle and not kept.waiting:
            self._kept.pop(origin, None)

    @staticmethod
    def _pass_on(kept: _Kept) -> None:
        while kept.waiting:
            turn = kept.waiting.popleft()
            if not turn.done():
                turn.set_result(None)  # the count stays: the slot changes hands
                return
        kept.lent -= 1

    def _used(self, kept: _Kept) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - self._limits.keep_idle_s
        while kept.idle:
            connection = kept.idle.pop()
            connection.on_closed = None
            if connection.is_open and connection.idle_since >= oldest:
                return connection
            connection.drop()
        return None

    async def _connect(self, address: Address, connect_s: float) -> Connection:
        try:
            async with asyncio.timeout(connect_s):
                return await self._open(address)
        except TimeoutError:
            raise WireError(
                WireErrorKind.TIMEOUT, "no connection within the deadline", deadline="connect"
            ) from None
        except ConnectionRefusedError:
            raise WireError(WireErrorKind.REFUSED, "nobody listens at that port") from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "handshake failed"
            raise WireError(WireErrorKind.UNREACHABLE, f"TLS: {reason}") from None
        except OSError as error:
            raise WireError(
                WireErrorKind.UNREACHABLE, error.strerror or type(error).__name__
            ) from None

    async def _open(self, address: Address) -> Connection:
        loop = asyncio.get_running_loop()
        tls = self._context() if address.is_tls else None
        failure: OSError | None = None
        for ip in await self._resolved(address):
            try:
                _transport, connection = await loop.create_connection(
                    lambda: Connection(self._limits, self._now, self._heads, self._outbox),
                    ip,
                    address.port,
                    ssl=tls,
                    server_hostname=address.host if tls is not None else None,
                )
            except OSError as error:
                failure = failure or error
            else:
                return connection
        raise failure or OSError("no address")

    async def _resolved(self, address: Address) -> list[str]:
        """Return the addresses to try; all are checked after resolution, so no spelling hides one."""
        found = await _looked_up(address)
        allowed = [ip for ip in found if not is_forbidden_ip(ip)]
        if found and not allowed:
            raise WireError(WireErrorKind.FORBIDDEN, "that address is never contacted")
        if not self._reaches_local:
            allowed = [ip for ip in allowed if not is_local_ip(ip)]
            if found and not allowed:
                raise WireError(WireErrorKind.FORBIDDEN, LOCAL_REFUSED)
        return sorted(allowed, key=_is_v6)[:_ADDRESSES_TRIED]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _plan_sweep(self) -> None:
        if self._sweeper is None:
            loop = asyncio.get_running_loop()
            self._sweeper = loop.call_later(self._limits.keep_idle_s + 0.1, self._sweep)

    def _sweep(self) -> None:
        """Close what was idle too long, so that a quiet console holds no socket."""
        self._sweeper = None
        oldest = asyncio.get_running_loop().time() - self._limits.keep_idle_s
        for origin, kept in tuple(self._kept.items()):
            for connection in [c for c in kept.idle if c.idle_since < oldest]:
                connection.drop()
                kept.forget(connection)
            if not kept.lent and not kept.idle and not kept.waiting:
                del self._kept[origin]
        if self.idle_count:
            self._plan_sweep()


async def _looked_up(address: Address) -> list[str]:
    if literal_ip(address.host):
        return [address.host]
    infos = await asyncio.get_running_loop().getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM
    )
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _is_v6(ip: str) -> bool:
    return ipaddress.ip_address(ip.split("%", 1)[0]).version == 6
