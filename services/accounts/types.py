"""Who calls: the verified caller of a request, and why a token was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, cast

PREMIUM_TIERS = ("pro", "premium")


class UserType(StrEnum):
    """The two kinds of app users."""

    ANONYMOUS = "anonymous"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose token was verified."""

    user_id: str  # sub; "operator" for the operator's own token
    user_type: UserType
    is_operator: bool = False  # came with the operator token of this data folder
    is_admin: bool = False  # llm admin (contract 9.2); operators are
    is_read_only: bool = False  # came with a token that only reads
    is_test: bool = False  # made by E2E or a test; kept out of daily actives
    email: str = ""
    expires_at: int = 0  # unix seconds
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @property
    def is_premium(self) -> bool:
        """Whether the project's owner gave this user a paid tier; the user cannot write it."""
        if self.user_type is UserType.ANONYMOUS:
            return False
        owner: object = self.claims.get("app_metadata")
        tier: object = (
            cast("Mapping[str, Any]", owner).get("tier") if isinstance(owner, Mapping) else ""
        )
        return tier in PREMIUM_TIERS


class TokenRefusedError(Exception):
    """The token is not accepted; `code` is the exact word of contract section 8."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep the word and a short reason for the log (never the token)."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class VerificationCounts:
    """How many tokens were judged since the start, and how many were good."""

    total: int
    successful: int

    @property
    def success_rate(self) -> float | None:
        """Share of good ones from 0 to 1, or None when nothing was judged yet."""
        return self.successful / self.total if self.total else None


class KeySetState(StrEnum):
    """How far the keys that tokens are checked with can be believed."""

    LIVE = "live"
    ROTATING = "rotating"  # other keys were published just now, or a token names one not seen yet
    CACHED = "cached"  # the set cannot be had; the known keys stay in use for a day
    UNKNOWN = "unknown"  # no keys that may be believed: a token is then not judged, not forged


@dataclass(frozen=True, slots=True)
class KeySetProbe:
    """Whether the keys that tokens are checked with can be had now."""

    configured: bool
    jwks_url: str
    ok: bool
    error: str = ""  # never empty when not ok
    state: KeySetState = KeySetState.LIVE


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the embedded sign-in, without any secret."""

    id: str
    email: str  # empty for an anonymous user
    is_anonymous: bool
    created_at: datetime
    updated_at: datetime
    email_confirmed_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    banned_until: datetime | None = None
    app_metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    user_metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in call came from, as the web server saw it."""

    peer: str  # address of the other end of the connection
    forwarded_for: str = ""  # X-Forwarded-For or X-Real-IP; counts only from a trusted proxy


class SignInRefusedError(Exception):
    """A sign-in call is refused: HTTP status, GoTrue's word, an English sentence."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        *,
        extra: Mapping[str, Any] | None = None,
        retry_after_s: int = 0,
    ) -> None:
        """Keep what the answer is made of; `extra` joins its body."""
        super().__init__(f"{status} {code}: {text}")
        self.status = status
        self.code = code
        self.text = text
        self.extra = dict(extra or {})
        self.retry_after_s = retry_after_s


class AdminCalls(Protocol):
    """The calls of /auth/v1/admin: JSON objects in, JSON objects out, or SignInRefusedError."""

    async def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the new user."""
        ...

    async def page(self, page: str, per_page: str) -> tuple[list[dict[str, Any]], int]:
        """Return one page of users, newest first, and how many there are in all."""
        ...

    async def get(self, user_id: str) -> dict[str, Any]:
        """Return the user."""
        ...

    async def update(self, user_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user after the change."""
        ...

    async def delete(self, user_id: str) -> None:
        """Return once the user and all its sessions are gone."""
        ...


class OwnCalls(Protocol):
    """What a user's own token may do: JSON objects out, or SignInRefusedError."""

    async def user(self, token: str) -> dict[str, Any]:
        """Return the user whose token it is."""
        ...

    async def change(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user after its own change."""
        ...

    async def sign_out(self, token: str, scope: str) -> None:
        """Return once the sessions in scope (global, local or others) are ended."""
        ...


class SignInCalls(Protocol):
    """The calls of /auth/v1: JSON objects in, JSON objects out, or SignInRefusedError."""

    @property
    def admin(self) -> AdminCalls:
        """The calls that need the service key."""
        ...

    @property
    def own(self) -> OwnCalls:
        """The calls that need a user's token."""
        ...

    def role_of(self, api_key: str) -> str:
        """Return anon or service_role, or an empty text for a key that is not ours."""
        ...

    def admit_admin(self, token: str) -> None:
        """Return when the bearer token is the service key."""
        ...

    def jwks(self) -> dict[str, Any]:
        """Return the public keys."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return what kinds of sign-in are offered."""
        ...

    async def sign_up(self, body: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Return the token body of a new user."""
        ...

    async def sign_in(self, body: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Return the token body for an e-mail address and its password."""
        ...

    async def refresh(self, body: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Return a new token body for a refresh token."""
        ...
