"""Identities: a user we signed in as, and what became of the attempt."""

from dataclasses import dataclass, field
from datetime import datetime

from services.accounts.types import UserType


@dataclass(frozen=True, slots=True)
class Token:
    """A user's access token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int  # unix seconds
    user_id: str
    is_anonymous: bool  # as the token's own claim says
    email: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The outcome of getting a token: either `token` is set or `error` is a word of contract 7.3."""

    user_type: UserType
    auth_mode: str  # native, edge, signup, email_signup or password
    token: Token | None
    error: str = ""  # machine word; never empty when token is None
    detail: str = ""  # the server's own text, redacted, up to 200 characters
    status: int | None = None  # HTTP status of the refusal
    is_mismatch: bool = False  # asked for anonymous, the claim says otherwise
    created_user: bool = False  # a user was made that must be deleted afterwards
    elapsed_ms: int = 0
    server_word: str = ""  # the server's own word, e.g. over_request_rate_limit or HTTP 502
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class SavedUser:
    """A test user that is kept, without its secrets."""

    id: int
    kind: str  # mail or anonymous
    label: str
    email: str  # empty: anonymous
    username: str
    user_id: str
    auth_url: str  # the sign-in service it lives on
    created_at: datetime
    last_used_at: datetime | None = None
    last_refreshed_at: datetime | None = None
    has_refresh_token: bool = False
