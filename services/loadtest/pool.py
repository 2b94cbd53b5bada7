"""TokenPool: a few signed-in users that carry all calls, refreshed once each when they age."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.accounts.types import UserType
from services.foundation.clock import Clock
from services.identities.service import Identities
from services.identities.tokens import is_near_expiry
from services.identities.types import SignIn, Token
from services.settings.types import AnonMethod
from services.targets.types import Target

AT_ONCE = 8  # sign-ins under way
RELEASE_S = 20.0


@dataclass(slots=True)
class Seat:
    """One signed-in user."""

    no: int  # from 1
    signed: SignIn
    lent: int = 0
    is_stale: bool = False  # the server refused its token
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def token(self) -> Token:
        """Its newest token."""
        assert self.signed.token is not None
        return self.signed.token


class TokenPool:
    """Signs in at most `budget` users; never one for each call."""

    def __init__(
        self, identities: Identities, clock: Clock, target: Target, user_type: UserType
    ) -> None:
        """Start empty."""
        self._identities = identities
        self._clock = clock
        self._target = target
        self._user_type = user_type
        self._seats: list[Seat] = []
        self._all: list[SignIn] = []
        self.sign_ins = 0
        self.refreshes = 0
        self.refusal: SignIn | None = None

    @property
    def size(self) -> int:
        """How many users are signed in."""
        return len(self._seats)

    async def open(self, budget: int, method: AnonMethod) -> None:
        """Sign in up to `budget` users; it ends early when the server refuses one."""
        numbers = iter(range(budget))

        async def work() -> None:
            for _ in numbers:  # shared: each number is taken once
                if self.refusal is not None:
                    return
                self.sign_ins += 1
                signed = await self._identities.sign_in(
                    self._target, self._user_type, anon_method=method
                )
                if signed.token is None:
                    self.refusal = signed
                else:
                    self._all.append(signed)
                    self._seats.append(Seat(len(self._seats) + 1, signed))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, budget)):
                group.create_task(work())

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Seat]:
        """Give the user with the fewest open calls, its token fresh."""
        seat = min(self._seats, key=lambda one: one.lent)
        seat.lent += 1
        try:
            if self._is_old(seat):
                await self._refresh(seat)
            yield seat
        finally:
            seat.lent -= 1

    def _is_old(self, seat: Seat) -> bool:
        return seat.is_stale or is_near_expiry(seat.token, self._clock.now().timestamp())

    async def _refresh(self, seat: Seat) -> None:
        async with seat.lock:
            if not self._is_old(seat):  # another call did it meanwhile
                return
            self.refreshes += 1
            signed = await self._identities.refresh(self._target, seat.token, self._user_type)
            seat.is_stale = False
            if signed.token is not None:
                if signed.token.user_id != seat.token.user_id and signed.created_user:
                    self._all.append(signed)
                seat.signed = signed

    async def close(self, seconds: float = RELEASE_S) -> None:
        """Delete the users that were made; what is left after the time is the sweeper's."""
        work = [self._identities.release(self._target, signed) for signed in self._all]
        self._all = []
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*work)
        except TimeoutError:
            return
