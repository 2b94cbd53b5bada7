"""People: the user a turn is sent as; kept over the turns of a conversation, released at its end."""

import asyncio
from dataclasses import dataclass, field, replace

from services.accounts.types import UserType
from services.dialogs.claims import look_at
from services.dialogs.types import DialogRequest, Identity, TokenLook
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.foundation.ids import new_hex
from services.foundation.tasks import Tasks
from services.identities.service import Identities
from services.identities.tokens import is_near_expiry
from services.identities.types import SignIn
from services.settings.service import Settings
from services.targets.types import Target

HELD_S = 600.0  # a user nobody writes as any more is released after this time
HELD_MOST = 20
PASTED_MOST = 20
_GONE = "Paste the token again: it is never stored"


@dataclass(frozen=True, slots=True)
class Person:
    """The user of a turn; without a token `sign_in` says why."""

    token: str = field(default="", repr=False)
    user_id: str = ""
    look: TokenLook | None = None
    sign_in: SignIn | None = None  # None: a pasted token
    elapsed_ms: int | None = None  # of the sign-in; None: there was none


@dataclass(slots=True)
class _Held:
    target: Target
    who: tuple[Identity, int | None]
    sign_in: SignIn
    timer: asyncio.Task[None] | None = None


class People:
    """Signs in for turns; pasted tokens are in memory only."""

    def __init__(
        self, identities: Identities, settings: Settings, clock: Clock, tasks: Tasks
    ) -> None:
        """Start with nobody."""
        self._identities = identities
        self._settings = settings
        self._clock = clock
        self._tasks = tasks
        self._held: dict[str, _Held] = {}  # by the conversation's first turn
        self._pasted: dict[str, str] = {}

    # -- pasted tokens

    def take_token(self, token: str, target: Target) -> str:
        """Return the key that stands for a pasted token; raise InputError when it cannot be used."""
        look = self.look_at(token, target)
        if look.refusal is not None:
            raise InputError(look.refusal.text, field="token", **dict(look.refusal.params))
        plain = token.strip().removeprefix("Bearer ").strip()
        known = next((key for key, value in self._pasted.items() if value == plain), "")
        key = known or new_hex()
        self._pasted.pop(key, None)
        self._pasted[key] = plain
        while len(self._pasted) > PASTED_MOST:
            self._pasted.pop(next(iter(self._pasted)))
        return key

    def look_at(self, token: str, target: Target) -> TokenLook:
        """Return what a token says of itself; nothing is kept or verified."""
        now_s = self._clock.now().timestamp()
        return look_at(token, now_s, target, self._settings.env.public_url)

    def check(self, request: DialogRequest) -> None:
        """Raise InputError when the pasted token is not known any more."""
        if request.identity is Identity.TOKEN and request.token_key not in self._pasted:
            raise InputError(_GONE, field="token")

    def known_secrets(self) -> list[str]:
        """Return the tokens in memory, so that no log shows them."""
        held = [h.sign_in.token.access_token for h in self._held.values() if h.sign_in.token]
        return [*self._pasted.values(), *held]

    # -- the user of a turn

    async def obtain(self, request: DialogRequest, target: Target, root: str) -> Person:
        """Return who it is sent as; a failure to sign in is in the result."""
        if request.identity is Identity.TOKEN:
            self.check(request)
            return self._person(self._pasted[request.token_key], target)
        held = self._taken(root, _who(request), target)
        signed = await (self._signed(request, target) if held is None else self._renewed(held))
        token = signed.token
        if token is None:
            return Person(sign_in=signed, elapsed_ms=signed.elapsed_ms)
        person = self._person(token.access_token, target)
        is_same = held is not None and held.sign_in is signed
        return replace(
            person,
            user_id=token.user_id or person.user_id,
            sign_in=signed,
            elapsed_ms=None if is_same else signed.elapsed_ms,
        )

    def _person(self, token: str, target: Target) -> Person:
        look = self.look_at(token, target)
        return Person(token=token, user_id=str(look.claims.get("sub") or "")[:200], look=look)

    async def _signed(self, request: DialogRequest, target: Target) -> SignIn:
        if request.identity is Identity.SAVED:
            return await self._identities.saved.sign_in(target, request.test_user_id or 0)
        kind = UserType(str(request.identity))
        method = self._settings.preferences.e2e_anon_method
        return await self._identities.sign_in(target, kind, anon_method=method)

    async def _renewed(self, held: _Held) -> SignIn:
        token = held.sign_in.token
        assert token is not None  # only those with a token are held
        if not is_near_expiry(token, self._clock.now().timestamp()):
            return held.sign_in
        return await self._identities.refresh(held.target, token)

    # -- holding

    async def leave(self, request: DialogRequest, target: Target, root: str, one: Person) -> None:
        """Keep the user for the next turn, or release it."""
        signed = one.sign_in
        if signed is None or signed.token is None:
            return
        if not request.holds_user or len(self._held) >= HELD_MOST:
            await self._identities.release(target, signed)
            return
        await self.end(root)  # somebody else the conversation was led as before
        held = self._held[root] = _Held(target, _who(request), signed)
        held.timer = self._tasks.start(self._expire(root, held), "user of a conversation")

    def holds(self, root: str) -> bool:
        """Return whether the conversation's user is still signed in here."""
        return root in self._held

    async def end(self, root: str) -> None:
        """Release the user of a conversation, if one is held."""
        held = self._pop(root)
        if held is not None:
            await self._identities.release(held.target, held.sign_in)

    async def end_all(self) -> None:
        """Release everybody."""
        for root in list(self._held):
            await self.end(root)
        self._pasted.clear()

    def _taken(self, root: str, who: tuple[Identity, int | None], target: Target) -> _Held | None:
        held = self._held.get(root)
        if held is None or held.who != who or held.target.id != target.id:
            return None
        return self._pop(root)

    def _pop(self, root: str) -> _Held | None:
        held = self._held.pop(root, None)
        if held is not None and held.timer is not None:
            held.timer.cancel()
        return held

    async def _expire(self, root: str, held: _Held) -> None:
        await self._clock.sleep(HELD_S)
        if self._held.get(root) is held:
            self._held.pop(root)
            await self._identities.release(held.target, held.sign_in)


def _who(request: DialogRequest) -> tuple[Identity, int | None]:
    return request.identity, request.test_user_id
