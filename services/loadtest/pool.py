"""TokenPool: a few signed-in users that carry all calls, refreshed once each when they age."""

import asyncio
from contextlib import AbstractAsyncContextManager

from services.accounts.types import UserType
from services.foundation.clock import Clock
from services.identities.service import Identities
from services.identities.types import SignIn, Token
from services.loadtest.seats import Seat, SeatBook
from services.settings.types import AnonMethod
from services.targets.types import Target

AT_ONCE = 8  # sign-ins under way
RELEASE_S = 20.0


class TokenPool:
    """Signs in at most `budget` users; never one for each call."""

    def __init__(
        self, identities: Identities, clock: Clock, target: Target, user_type: UserType
    ) -> None:
        """Start empty."""
        self._identities = identities
        self._target = target
        self._user_type = user_type
        self._book = SeatBook(clock, self.renew)
        self._all: list[SignIn] = []
        self.seats: list[Seat] = []
        self.sign_ins = 0
        self.refreshes = 0
        self.refusal: SignIn | None = None

    @property
    def size(self) -> int:
        """How many users are signed in."""
        return len(self.seats)

    async def open(self, budget: int, method: AnonMethod) -> None:
        """Have `budget` users signed in; it ends early when the server refuses one."""
        numbers = iter(range(self.size, budget))
        self.refusal = None

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
                    self._seat(signed.token)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, budget)):
                group.create_task(work())

    def _seat(self, token: Token) -> None:
        seat = Seat(len(self.seats) + 1, token)
        self.seats.append(seat)
        self._book.add(seat)

    def lend(self) -> AbstractAsyncContextManager[Seat]:
        """Give the user with the fewest open calls, its token fresh."""
        return self._book.lend()

    def take_fresh(self) -> Seat | None:
        """Return the user with the fewest open calls, None where its token is to be renewed."""
        return self._book.take_fresh()

    async def take(self) -> Seat:
        """Return the user with the fewest open calls, its token fresh; it must be given back."""
        return await self._book.take()

    def give(self, seat: Seat) -> None:
        """Take a user back."""
        self._book.give(seat)

    async def renew(self, seat: Seat) -> Token | None:
        """Return a fresh token for that user, None when the server gives none; counted."""
        self.refreshes += 1
        signed = await self._identities.refresh(self._target, seat.token, self._user_type)
        if signed.token is not None:
            if signed.token.user_id != seat.token.user_id and signed.created_user:
                self._all.append(signed)
            seat.token = signed.token
        return signed.token

    async def close(self, seconds: float = RELEASE_S) -> None:
        """Delete the users that were made; what is left after the time is the sweeper's."""
        work = [self._identities.release(self._target, signed) for signed in self._all]
        self._all = []
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*work)
        except TimeoutError:
            return
