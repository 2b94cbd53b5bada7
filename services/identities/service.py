"""Identities: sign in as an anonymous or a registered user, and leave nobody behind."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import replace

from db.engine import Database
from services.accounts.types import UserType
from services.foundation.clock import Clock
from services.identities import ways
from services.identities.gotrue import GoTrue
from services.identities.intents import KEPT, Intent, Intents
from services.identities.mail_api import MailApi
from services.identities.saved import SavedUsers
from services.identities.sweeper import Sweeper, TargetList
from services.identities.tokens import is_near_expiry
from services.identities.types import SignIn, Token
from services.secrets.service import Secrets
from services.settings.types import AnonMethod, Env
from services.targets.types import Target

_log = logging.getLogger(__name__)
SIGN_IN_S = 30.0  # a whole sign-in, all its calls together
_REMEMBERED = 256  # refreshes whose outcome is told to late comers

RefreshKey = tuple[int, str]


class Identities:
    """Tokens for tests; every failure is a SignIn with a word, nothing is raised."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        targets: TargetList,
        env: Env,
    ) -> None:
        """Keep the parts; nothing is called before the first sign-in."""
        self._clock = clock
        self._cleans_up = env.e2e.cleanup_user
        self._gotrue = GoTrue(clock, env.http_timeout_s)
        self._intents = Intents(database, clock)
        self._ways = ways.Ways(self._gotrue, self._intents, secrets, clock)
        mail = MailApi(env.mail_api_base, env.http_timeout_s)
        self.saved = SavedUsers(database, clock, secrets, self._gotrue, self._ways, mail)
        self._sweeper = Sweeper(self._gotrue, self._intents, self._ways, targets, clock)
        self._refreshing: dict[RefreshKey, asyncio.Lock] = {}
        self._refreshed: OrderedDict[RefreshKey, SignIn] = OrderedDict()

    def use_as(self, boot_id: str) -> None:
        """Mark the users that are made here as this console's, among those on the same store."""
        self._intents.boot_id = boot_id

    async def sign_in(
        self, target: Target, user_type: UserType, *, anon_method: AnonMethod = AnonMethod.AUTO
    ) -> SignIn:
        """Return a token of a new or the fixed user, or the word for why there is none."""
        started = self._clock.monotonic()
        mode = anon_method.value if user_type is UserType.ANONYMOUS else _permanent_mode(target)
        if not target.auth_url or not target.anon_key:
            return SignIn(user_type, mode, None, ways.MISSING_ENV, "project URL or anon key")
        try:
            async with asyncio.timeout(SIGN_IN_S):
                signed = await (
                    self._ways.anonymous(target, anon_method.value)
                    if user_type is UserType.ANONYMOUS
                    else self._ways.permanent(target)
                )
        except TimeoutError:
            detail = f"deadline_exceeded: no token in {SIGN_IN_S:g} s"
            signed = SignIn(user_type, mode, None, _word(user_type), detail)
        except Exception as error:  # noqa: BLE001  # boundary: no token call raises past its result
            _log.exception("a sign-in failed on our side")
            detail = f"{type(error).__name__}: {error}"[:200]
            signed = SignIn(user_type, mode, None, _word(user_type), detail)
        return replace(signed, elapsed_ms=round((self._clock.monotonic() - started) * 1000))

    async def release(self, target: Target, sign_in: SignIn) -> None:
        """Delete the user that was made for this sign-in; what fails is left to the sweeper."""
        if not sign_in.created_user or sign_in.token is None:
            return
        try:
            intent = await self._intents.find(sign_in.token.user_id)
            if intent is None:
                return
            self._intents.leave(intent)  # first: a release that is cancelled is the sweeper's
            if intent.state == KEPT:
                return
            if not self._cleans_up:
                await self._ways.forget(intent)
            elif not await self._ways.remove(target, intent):
                _log.warning("a test user could not be deleted now; the sweeper will try again")
        except Exception:  # noqa: BLE001  # boundary: called in a finally; the row is still there
            _log.exception("a test user could not be released")

    async def sweep(self) -> int:
        """Return how many users left behind were deleted; safe to call at any time."""
        try:
            return await self._sweeper.sweep(deletes=self._cleans_up)
        except Exception:  # noqa: BLE001  # boundary: the next sweep tries again
            _log.exception("sweeping test users failed")
            return 0

    async def refresh(
        self, target: Target, token: Token, user_type: UserType | None = None
    ) -> SignIn:
        """Return a fresh token of the same user; all who ask at once share one call.

        Where the refresh token is not good any more, the user is signed in anew: as `user_type`,
        else as what the token says of its user.
        """
        key = (target.id, token.refresh_token or token.access_token)
        lock = self._refreshing.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                known = self._refreshed.get(key)
                signed = await self._refresh(target, token, user_type) if known is None else known
        finally:
            if not lock.locked():
                self._refreshing.pop(key, None)
        if signed.token is None:
            return signed
        if known is not None and is_near_expiry(signed.token, self._clock.now().timestamp()):
            return await self.refresh(
                target, signed.token, user_type
            )  # the caller holds a very old one
        self._remember(key, signed)
        return signed

    async def _refresh(self, target: Target, token: Token, wanted: UserType | None) -> SignIn:
        started = self._clock.monotonic()
        stated = UserType.ANONYMOUS if token.is_anonymous else UserType.PERMANENT
        user_type = wanted or stated
        mode = "native" if user_type is UserType.ANONYMOUS else _permanent_mode(target)
        signed = await self._ways.refresh(target, user_type, mode, token.refresh_token)
        is_refused = signed.status is not None and 400 <= signed.status < 500
        if signed.token is None and is_refused and signed.status != 429:
            signed = await self._sign_in_anew(target, user_type, token)
        elif signed.token is not None:
            signed = replace(signed, created_user=await self._was_made(token.user_id))
        return replace(signed, elapsed_ms=round((self._clock.monotonic() - started) * 1000))

    async def _sign_in_anew(self, target: Target, user_type: UserType, token: Token) -> SignIn:
        again = await self._ways.again(target, token.user_id)
        if again is not None and again.token is not None:
            return replace(again, created_user=await self._was_made(token.user_id))
        intent = await self._intent_of(token.user_id)
        if intent is not None:
            self._intents.leave(intent)  # its session ended: the sweeper's now
        return await self.sign_in(target, user_type)

    async def _was_made(self, user_id: str) -> bool:
        """Return whether the user is ours to delete."""
        return await self._intent_of(user_id) is not None

    async def _intent_of(self, user_id: str) -> Intent | None:
        try:
            return await self._intents.find(user_id)
        except Exception:  # noqa: BLE001  # boundary: no token call raises past its result
            _log.exception("the rows of test users could not be read")
            return None

    def _remember(self, key: RefreshKey, signed: SignIn) -> None:
        self._refreshed[key] = signed
        while len(self._refreshed) > _REMEMBERED:
            self._refreshed.popitem(last=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._gotrue.close()


def _permanent_mode(target: Target) -> str:
    if target.user_email:
        return "password"
    return "signup" if target.service_key else "email_signup"


def _word(user_type: UserType) -> str:
    is_anonymous = user_type is UserType.ANONYMOUS
    return ways.ANONYMOUS_FAILED if is_anonymous else ways.PERMANENT_FAILED
