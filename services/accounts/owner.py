"""OwnAccount: what a signed-in user may do with its own account."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from db.queries import accounts as queries
from db.tables.accounts import AccountUserRow
from services.accounts import rules, tokens
from services.accounts.admin import email_exists, take_email
from services.accounts.keys import KeyRing
from services.accounts.passwords import Passwords
from services.accounts.sessions import Sessions
from services.accounts.store import AccountStore, account_of
from services.accounts.types import SignInRefusedError, TokenRefusedError
from services.foundation.clock import Clock

# Our own clock made them: seconds are enough for one that was set back a little.
_RULES = tokens.ClaimRules(rules.AUDIENCE, skew_s=5, max_future_iat_s=5)


class OwnTokens:
    """Reads the tokens that we signed for users."""

    def __init__(self, keys: KeyRing, clock: Clock, issuers: frozenset[str]) -> None:
        """Accept tokens of these issuers, signed with these keys."""
        self._keys = keys
        self._clock = clock
        self._issuers = issuers

    def claims_of(self, token: str) -> dict[str, Any]:
        """Return the claims; raise SignInRefusedError no_authorization or bad_jwt."""
        if not token:
            raise SignInRefusedError(
                401, "no_authorization", "This endpoint requires a valid Bearer token"
            )
        try:
            return self._checked(token)
        except TokenRefusedError as error:
            raise SignInRefusedError(
                403, "bad_jwt", f"invalid JWT: unable to parse or verify signature, {error.code}"
            ) from None

    def _checked(self, token: str) -> dict[str, Any]:
        parsed = tokens.parse(token)
        keys = self._keys.find(parsed.alg, parsed.kid, is_odd_kid=parsed.is_odd_kid)
        if not any(key.verify(parsed.signed, parsed.signature) for key in keys):
            raise TokenRefusedError("invalid_token", "signature")
        if tokens.issuer_of(parsed.claims) not in self._issuers:
            raise TokenRefusedError("issuer_not_allowed")
        tokens.check_claims(parsed.claims, self._clock.now().timestamp(), _RULES)
        return parsed.claims


class OwnAccount:
    """Read, change and sign out; the bearer token says whose account it is."""

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        sessions: Sessions,
        passwords: Passwords,
        own_tokens: OwnTokens,
    ) -> None:
        """Work on that store for whom the tokens name."""
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._passwords = passwords
        self._tokens = own_tokens

    async def user(self, token: str) -> dict[str, Any]:
        """Return the user whose token it is."""
        user, _session_id = await self._owner(token)
        return rules.user_body(account_of(user))

    async def change(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user after its own change of data, address or password."""
        user, session_id = await self._owner(token)
        email = rules.read_email(body["email"]) if body.get("email") else None
        data = rules.read_metadata(body.get("data"), "data")
        hashed = await self._new_password(user, body.get("password"), email)
        user_id = user.id

        def change(session: Session) -> tuple[AccountUserRow, list[str]]:
            row = queries.find_user(session, user_id)
            if row is None:
                raise _user_not_found()
            if email is not None:
                take_email(session, row, email)
                row.email_confirmed_at = row.email_confirmed_at or self._clock.now()
            row.user_metadata = rules.merge_metadata(row.user_metadata, data, "data")
            row.updated_at = self._clock.now()
            session.add(row)
            if hashed is None:
                return row, []
            row.password_hash = hashed
            return row, queries.end_sessions(session, row.id, but=session_id)

        row, ended = await self._store.write(change, email_exists())
        self._sessions.announce_ended(ended)
        return rules.user_body(account_of(row))

    async def sign_out(self, token: str, scope: str) -> None:
        """Return once the sessions in scope (global, local or others) are ended."""
        if scope not in ("global", "local", "others"):
            raise SignInRefusedError(
                400, "validation_failed", f"Unsupported logout scope {scope[:40]!r}"
            )
        user, session_id = await self._owner(token)
        user_id = user.id
        only = session_id if scope == "local" else None
        but = session_id if scope == "others" else None
        ended = await self._store.write(
            lambda session: queries.end_sessions(session, user_id, only=only, but=but)
        )
        self._sessions.announce_ended(ended)

    async def _owner(self, token: str) -> tuple[AccountUserRow, str]:
        """Return the user of a token and the session it belongs to."""
        claims = self._tokens.claims_of(token)
        user_id, session_id = str(claims["sub"]), str(claims.get("session_id", ""))
        user, is_live = await self._store.read(
            lambda session: (
                queries.find_user(session, user_id),
                queries.is_live(session, session_id, user_id),
            )
        )
        if user is None:
            raise _user_not_found()
        if not is_live:
            raise SignInRefusedError(
                403, "session_not_found", "Session from session_id claim in JWT does not exist"
            )
        return user, session_id

    async def _new_password(
        self, user: AccountUserRow, password: object, email: str | None
    ) -> str | None:
        if not password:
            return None
        wanted = rules.read_password(password)
        if not (user.email or email):
            raise SignInRefusedError(
                422, "validation_failed", "An anonymous user needs an email before a password"
            )
        if user.password_hash and await self._passwords.is_right(wanted, user.password_hash):
            raise SignInRefusedError(
                422, "same_password", "New password should be different from the old password."
            )
        return await self._passwords.hash(wanted)


def _user_not_found() -> SignInRefusedError:
    return SignInRefusedError(403, "user_not_found", "User from sub claim in JWT does not exist")
