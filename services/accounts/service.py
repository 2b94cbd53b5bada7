"""Accounts: the embedded sign-in, its keys, and the operator's own token."""

import hmac
import secrets as random
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.queries import accounts as queries
from db.tables.accounts import AccountUserRow
from services.accounts import rules, tokens
from services.accounts.admin import AccountAdmin
from services.accounts.keys import KeyRing
from services.accounts.limits import AttemptLimit
from services.accounts.owner import OwnAccount, OwnTokens
from services.accounts.passwords import Passwords
from services.accounts.sessions import OpenSession, Sessions, is_banned, opened
from services.accounts.store import AccountStore
from services.accounts.types import Origin, SignInRefusedError
from services.foundation.clock import Clock
from services.foundation.ids import new_uuid
from services.secrets.service import Secrets
from services.settings.proxies import networks
from services.settings.types import Env

OPERATOR_FILE = "operator.token"
_API_KEY_LIFETIME_S = 10 * 366 * 86_400
_TOKEN_CALLS, _TOKEN_WINDOW_S = 150, 300  # GoTrue's own limit of /token


class Accounts:
    """Users, sessions and keys of the sign-in that this console serves itself."""

    def __init__(self, database: Database, clock: Clock, secrets: Secrets, env: Env) -> None:
        """Wire the parts; load() reads the keys. Raises InputError for a bad TRUSTED_PROXIES."""
        self.issuer = f"{env.public_url}/auth/v1"
        self.issuers = rules.own_issuers(env.public_url)
        self.keys = KeyRing(secrets, clock)
        self.anon_key = ""
        self.service_key = ""
        self.operator_token = ""
        self._clock = clock
        self._secrets = secrets
        self._env = env
        self._trusted = networks(env.rate_limits.trusted_proxies)
        self._store = AccountStore(database)
        self._passwords = Passwords()
        self.sessions = Sessions(self._store, clock, self.keys, self.issuer)
        self.admin = AccountAdmin(self._store, clock, self.sessions, self._passwords)
        self._own_tokens = OwnTokens(self.keys, clock, self.issuers)
        self.own = OwnAccount(self._store, clock, self.sessions, self._passwords, self._own_tokens)
        self._sign_ups = AttemptLimit(env.auth_signups_per_hour, 3600, clock.monotonic)
        self._token_calls = AttemptLimit(_TOKEN_CALLS, _TOKEN_WINDOW_S, clock.monotonic)

    def load(self) -> None:
        """Read every key, made at the first start; raise StoreError when one is damaged."""
        self.keys.load()
        self.anon_key = self._api_key("anon")
        self.service_key = self._api_key("service_role")
        seal = self._secrets.get("accounts/refresh_key")
        if not seal:
            seal = random.token_hex(32)
            self._secrets.put("accounts/refresh_key", seal)
        self.sessions.seal = bytes.fromhex(seal)
        made = random.token_urlsafe(32).encode()
        stored = self._secrets.own_file(OPERATOR_FILE, made).strip()
        if len(stored) < 32:  # emptied or cut by hand: an empty text must never be a token
            self._secrets.write_file(OPERATOR_FILE, made)
            stored = made
        self.operator_token = stored.decode()

    def is_operator(self, token: str) -> bool:
        """Return whether it is the operator's token, in the same time for every guess."""
        known = self.operator_token
        return bool(known) and hmac.compare_digest(token.encode(), known.encode())

    def role_of(self, api_key: str) -> str:
        """Return anon or service_role, or an empty text for a key that is not ours."""
        given = api_key.encode()
        is_anon = hmac.compare_digest(given, self.anon_key.encode())
        is_service = hmac.compare_digest(given, self.service_key.encode())
        if not given or not (is_anon or is_service):
            return ""
        return "anon" if is_anon else "service_role"

    def admit_admin(self, token: str) -> None:
        """Return when the bearer token is the service key; raise SignInRefusedError else."""
        role = self.role_of(token)
        if not role:
            self._own_tokens.claims_of(token)  # says which: none at all, or not one of ours
        if role != "service_role":
            raise SignInRefusedError(403, "not_admin", "User not allowed")

    def jwks(self) -> dict[str, Any]:
        """Return the public keys our tokens are checked with, the newest first."""
        return self.keys.jwks()

    def rotate(self) -> str:
        """Sign with a new key from now on and return its kid; tokens already made stay good."""
        return self.keys.rotate()

    def describe(self) -> dict[str, Any]:
        """Return what kinds of sign-in are offered, as GoTrue's settings."""
        return {
            "external": {"email": True, "phone": False, "anonymous_users": self._env.anon_enabled},
            "disable_signup": False,
            "mailer_autoconfirm": True,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
        }

    async def sign_up(self, body: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Return the token body of a new user; without e-mail and phone it is anonymous."""
        is_local = self._count(self._sign_ups, origin)
        if body.get("phone"):
            raise SignInRefusedError(400, "phone_provider_disabled", "Phone signups are disabled")
        data = rules.merge_metadata({}, rules.read_metadata(body.get("data"), "data"), "data")
        user = self._blank_user(data)
        if is_local and data.get("source") == tokens.TEST_SOURCE:
            user.app_metadata = {"source": tokens.TEST_SOURCE}
        if not body.get("email"):
            if not self._env.anon_enabled:
                raise SignInRefusedError(
                    422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"
                )
            user.is_anonymous = True
            return await self._add_user(user, "anonymous")
        user.email = rules.read_email(body["email"])
        user.password_hash = await self._passwords.hash(rules.read_password(body.get("password")))
        user.email_confirmed_at = user.created_at
        user.app_metadata = {**user.app_metadata, "provider": "email", "providers": ["email"]}
        return await self._add_user(user, "password")

    async def sign_in(self, body: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Return the token body for an e-mail address and its password."""
        self._count(self._token_calls, origin)
        email, password = body.get("email"), body.get("password")
        if not isinstance(email, str) or not email or not isinstance(password, str):
            raise SignInRefusedError(400, "validation_failed", "missing email or password")
        wanted = email.strip().lower()[:255].replace("\x00", "")
        user = await self._store.read(lambda session: queries.find_user_by_email(session, wanted))
        stored = None if user is None else user.password_hash
        if not await self._passwords.is_right(password, stored) or user is None:
            raise SignInRefusedError(400, "invalid_credentials", "Invalid login credentials")
        user_id = user.id

        def change(session: Session) -> OpenSession:
            row = queries.find_user(session, user_id)
            if row is None or row.password_hash != stored:  # deleted or changed while hashing
                raise SignInRefusedError(400, "invalid_credentials", "Invalid login credentials")
            if is_banned(row, self._clock.now()):
                raise SignInRefusedError(400, "user_banned", "User is banned")
            if row.email_confirmed_at is None:
                raise SignInRefusedError(400, "email_not_confirmed", "Email not confirmed")
            return opened(self.sessions.open_row(session, row, "password"), row)

        return self.sessions.token_body(await self._store.write(change))

    async def refresh(self, body: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Return a new token body; the given refresh token stays good for 10 s, once used."""
        self._count(self._token_calls, origin)
        token = body.get("refresh_token")
        if not token:
            raise SignInRefusedError(400, "validation_failed", "refresh_token required")
        return await self.sessions.refresh(token)

    def _api_key(self, role: str) -> str:
        """Return the stored key of a role, made once; without sub it is never a user's token."""
        name = f"accounts/{'anon' if role == 'anon' else 'service'}_key"
        if stored := self._secrets.get(name):
            return stored
        now = int(self._clock.now().timestamp())
        claims = {"iss": "gymbro-console", "role": role, "iat": now}
        key = self.keys.sign({**claims, "exp": now + _API_KEY_LIFETIME_S})
        self._secrets.put(name, key)
        return key

    def _count(self, limit: AttemptLimit, origin: Origin) -> bool:
        """Count the call against its address; return whether it came from this machine."""
        address, is_local = rules.calling_address(origin, self._trusted)
        if not is_local:
            limit.count(address)
        return is_local

    def _blank_user(self, data: dict[str, Any]) -> AccountUserRow:
        now = self._clock.now()
        return AccountUserRow(
            id=new_uuid(), app_metadata={}, user_metadata=data, created_at=now, updated_at=now
        )

    async def _add_user(self, user: AccountUserRow, method: str) -> dict[str, Any]:
        taken = SignInRefusedError(422, "user_already_exists", "User already registered")

        def change(session: Session) -> OpenSession:
            if user.email and queries.find_user_by_email(session, user.email) is not None:
                raise taken
            return opened(self.sessions.open_row(session, user, method), user)

        return self.sessions.token_body(await self._store.write(change, taken))
