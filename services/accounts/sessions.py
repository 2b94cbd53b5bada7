"""Sessions: token bodies, refresh with rotation, and which sessions are still alive."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.errors import DatabaseUnavailableError
from db.queries import accounts as queries
from db.tables.accounts import AccountSessionRow, AccountUserRow
from services.accounts import rules
from services.accounts.keys import KeyRing
from services.accounts.rules import RefreshVerdict
from services.accounts.store import AccountStore, account_of
from services.accounts.types import Account, SignInRefusedError
from services.foundation.clock import Clock
from services.foundation.ids import new_uuid
from services.foundation.signals import Signal

LIVE_FOR_S = 60.0  # how long a session may be believed alive without asking the store again
_MAX_LIVE = 20_000


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session just opened or refreshed, with the user as of now."""

    id: str
    method: str
    began_at: datetime
    refresh_count: int
    account: Account


class Sessions:
    """Opens, refreshes and ends sessions; knows in memory which were alive a moment ago."""

    def __init__(self, store: AccountStore, clock: Clock, keys: KeyRing, issuer: str) -> None:
        """Start without a refresh key; `seal` is set when the secrets are read."""
        self._store = store
        self._clock = clock
        self._keys = keys
        self._issuer = issuer
        self._live: OrderedDict[str, float] = OrderedDict()
        self._endings = 0
        self.seal = b""  # the key that makes refresh tokens
        self.ended: Signal[frozenset[str]] = Signal("accounts.sessions_ended")

    def open_row(self, session: Session, user: AccountUserRow, method: str) -> AccountSessionRow:
        """Add a session of the user and return it; runs inside a change of the store."""
        now = self._clock.now()
        user.last_sign_in_at = now
        row = AccountSessionRow(
            id=new_uuid(), user_id=user.id, method=method, refreshed_at=now, created_at=now
        )
        session.add(user)
        session.flush()
        session.add(row)
        return row

    def token_body(self, opened: OpenSession) -> dict[str, Any]:
        """Return access token, refresh token and user, as GoTrue answers."""
        now = self._clock.now()
        session = (opened.id, opened.method, opened.began_at)
        claims = rules.access_claims(opened.account, session, self._issuer, now)
        self._believe(opened.id)
        return {
            "access_token": self._keys.sign(claims),
            "token_type": "bearer",
            "expires_in": rules.ACCESS_LIFETIME_S,
            "expires_at": claims["exp"],
            "refresh_token": rules.make_refresh_token(self.seal, opened.id, opened.refresh_count),
            "user": rules.user_body(opened.account),
        }

    async def refresh(self, token: object) -> dict[str, Any]:
        """Return a new token body; raise SignInRefusedError, ending a session on reuse."""
        given = rules.read_refresh_token(self.seal, token) if isinstance(token, str) else None
        if given is None:
            raise _refused("refresh_token_not_found", "Refresh Token Not Found")
        session_id, count = given
        outcome = await self._store.write(lambda store: self._advance(store, session_id, count))
        if isinstance(outcome, OpenSession):
            return self.token_body(outcome)
        if outcome.code == "refresh_token_already_used":
            self.announce_ended([session_id])
        raise outcome

    def _advance(
        self, store: Session, session_id: str, count: int
    ) -> OpenSession | SignInRefusedError:
        """Judge the token and move the session on; a refusal is returned, so that it is kept."""
        row = queries.find_session(store, session_id)
        user = None if row is None else queries.find_user(store, row.user_id)
        if row is None or user is None:
            return _refused("refresh_token_not_found", "Refresh Token Not Found")
        now = self._clock.now()
        if row.ended_at is not None:
            return _refused("session_not_found", "No Valid Session Found")
        if is_banned(user, now):
            return _refused("user_banned", "User Banned")
        return self._move_on(store, row, user, count)

    def _move_on(
        self, store: Session, row: AccountSessionRow, user: AccountUserRow, count: int
    ) -> OpenSession | SignInRefusedError:
        now = self._clock.now()
        verdict = rules.judge_refresh(count, row.refresh_count, row.refreshed_at, now)
        if verdict is RefreshVerdict.UNKNOWN:
            return _refused("refresh_token_not_found", "Refresh Token Not Found")
        if verdict is RefreshVerdict.REUSED:
            row.ended_at = now
            store.add(row)
            return _refused("refresh_token_already_used", "Already Used")
        if verdict is RefreshVerdict.ROTATE:
            row.refresh_count += 1
            row.refreshed_at = now
            store.add(row)
        return opened(row, user)

    async def live_for_s(self, session_id: str, user_id: str) -> float:
        """Return for how many seconds the session may be believed alive; 0 when it is not.

        When the store cannot be asked the token's own signature and end have to do.
        """
        now = self._clock.monotonic()
        known = self._live.get(session_id, 0.0) - now
        if known > 0:
            return known
        before = self._endings
        try:
            alive = await self._store.read(
                lambda session: queries.is_live(session, session_id, user_id)
            )
        except SignInRefusedError as error:
            if isinstance(error.__cause__, DatabaseUnavailableError):
                return 1.0
            raise
        if not alive:
            return 0.0
        if self._endings != before:  # something ended meanwhile: do not remember what we read
            return 0.001
        self._believe(session_id)
        return LIVE_FOR_S

    def announce_ended(self, session_ids: Iterable[str]) -> None:
        """Forget the sessions and tell the verifier; call it after the change is on disk."""
        gone = frozenset(session_ids)
        if gone:
            self._endings += 1
            for session_id in gone:
                self._live.pop(session_id, None)
            self.ended.emit(gone)

    def _believe(self, session_id: str) -> None:
        self._live[session_id] = self._clock.monotonic() + LIVE_FOR_S
        self._live.move_to_end(session_id)
        while len(self._live) > _MAX_LIVE:
            self._live.popitem(last=False)


def opened(row: AccountSessionRow, user: AccountUserRow) -> OpenSession:
    """Return the session with its user."""
    return OpenSession(row.id, row.method, row.created_at, row.refresh_count, account_of(user))


def is_banned(user: AccountUserRow, now: datetime) -> bool:
    """Return whether the user may not sign in now."""
    return user.banned_until is not None and user.banned_until > now


def _refused(code: str, text: str) -> SignInRefusedError:
    return SignInRefusedError(400, code, f"Invalid Refresh Token: {text}")
