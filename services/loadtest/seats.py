"""SeatBook: signed-in users lent to calls, the least busy first; an old token is renewed once."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.foundation.clock import Clock
from services.identities.tokens import is_near_expiry
from services.identities.types import Token

_FRESH_S = 1.0  # so long nobody looks at a token again


@dataclass(slots=True, eq=False)
class Seat:
    """One signed-in user."""

    no: int  # from 1
    token: Token
    lent: int = 0
    is_stale: bool = False  # the server refused its token
    looked_at_s: float = -math.inf  # when its token was found fresh
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


Renew = Callable[[Seat], Awaitable[Token | None]]


class Loan:
    """One seat for one call."""

    __slots__ = ("_book", "_seat")

    def __init__(self, book: "SeatBook") -> None:
        """Nothing is lent before `async with`."""
        self._book = book
        self._seat: Seat | None = None

    async def __aenter__(self) -> Seat:
        """Return the seat, its token fresh."""
        self._seat = await self._book.take()
        return self._seat

    async def __aexit__(self, *_: object) -> None:
        """Give it back."""
        if self._seat is not None:
            self._book.give(self._seat)


class SeatBook:
    """Who is how busy; taking and giving back cost the same with one seat and with a thousand."""

    def __init__(self, clock: Clock, renew: Renew) -> None:
        """Start without seats; `renew` gives a fresh token, or None when there is none."""
        self._clock = clock
        self._renew = renew
        self._by_load: list[dict[Seat, None]] = [{}]  # seats that carry so many calls
        self.size = 0

    def add(self, seat: Seat) -> None:
        """Take a seat in."""
        self._by_load[0][seat] = None
        self.size += 1

    def lend(self) -> "Loan":
        """Give the seat with the fewest open calls, its token fresh, for an `async with`."""
        return Loan(self)

    def take_fresh(self) -> Seat | None:
        """Return the seat with the fewest open calls when its token is fresh, else None: take()."""
        seat = self._take()
        now_s = self._clock.monotonic()
        if seat.is_stale or now_s - seat.looked_at_s > _FRESH_S:
            if self._is_old(seat):
                self.give(seat)
                return None
            seat.looked_at_s = now_s
        return seat

    async def take(self) -> Seat:
        """Return the seat with the fewest open calls, its token fresh; it must be given back."""
        seat = self._take()
        try:
            if self._is_old(seat):
                await self._refresh(seat)
        except BaseException:
            self.give(seat)
            raise
        return seat

    def give(self, seat: Seat) -> None:
        """Take a seat back."""
        self._move(seat, -1)

    def _take(self) -> Seat:
        group = self._by_load[0]
        if not group:
            group = next(seats for seats in self._by_load if seats)
        seat = next(reversed(group))
        self._move(seat, 1)
        return seat

    def _move(self, seat: Seat, step: int) -> None:
        del self._by_load[seat.lent][seat]
        seat.lent += step
        if seat.lent == len(self._by_load):
            self._by_load.append({})
        self._by_load[seat.lent][seat] = None

    def _is_old(self, seat: Seat) -> bool:
        return seat.is_stale or is_near_expiry(seat.token, self._clock.now().timestamp())

    async def _refresh(self, seat: Seat) -> None:
        async with seat.lock:
            if not self._is_old(seat):  # another call did it meanwhile
                return
            fresh = await self._renew(seat)
            seat.is_stale = False
            if fresh is not None:
                seat.token = fresh
