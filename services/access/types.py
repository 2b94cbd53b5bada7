"""Access: accounts with a role, their sign-ins, tokens for programs, and how a call came here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.foundation.actor import CONSOLE
from services.foundation.errors import ConsoleError

FIRST_ACCOUNT = "operator"  # whose password GYMBRO_PASSWORD and `main.py password` set by default


def actor_name(account: str) -> str:
    """Return how the audit log names an account, apart from the operator's token."""
    return f"account:{account}"


class Role(StrEnum):
    """What an account may do on the pages."""

    OPERATOR = "operator"  # everything
    READ_ONLY = "read_only"  # sees everything, changes nothing


class TokenKind(StrEnum):
    """What a program may do with a token."""

    FULL = "full"
    READ_ONLY = "read_only"


class AccessEvent(StrEnum):
    """What the audit log says happened."""

    SIGNED_IN = "signed_in"
    REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    EXPIRED = "session_expired"
    ENDED = "sessions_ended"
    ACCOUNT_MADE = "account_made"
    ACCOUNT_DELETED = "account_deleted"
    ROLE_CHANGED = "role_changed"
    PASSWORD_CHANGED = "password_changed"
    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"


@dataclass(frozen=True, slots=True)
class Connection:
    """What is known of a call before anything of it is believed."""

    peer: str  # address of the other end
    scheme: str  # http, https, ws or wss on this leg
    http_version: str
    headers: Mapping[bytes, bytes]  # names in lower case


@dataclass(frozen=True, slots=True)
class Approach:
    """How a call reached us, as far as the connection itself and trusted proxies tell."""

    address: str  # of whoever calls, as the limits count it
    is_local: bool  # a program on this machine, without any proxy between
    is_secure: bool  # https on the last leg we know of


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page now."""

    name: str = ""  # empty: this machine itself, where nobody had to sign in
    role: Role = Role.OPERATOR
    account_id: int = 0
    session_id: str = ""

    @property
    def actor(self) -> str:
        """How the audit log names this visitor."""
        return actor_name(self.name) if self.session_id else CONSOLE

    @property
    def may_change(self) -> bool:
        """Whether this visitor may do more than look."""
        return self.role is Role.OPERATOR


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signs in on the pages."""

    id: int
    name: str
    role: Role
    created_at: datetime
    password_changed_at: datetime
    last_sign_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One sign-in that is good now."""

    id: str  # SHA-256 of the cookie's value
    account_id: int
    name: str
    role: Role
    address: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime  # at the latest; sooner when nothing is done


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token for programs, without its secret."""

    id: int
    name: str
    prefix: str
    kind: TokenKind
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Return whether it is accepted now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is shown once and kept nowhere."""

    token: ApiToken
    secret: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that succeeded: what the browser keeps as its cookie, and for how long."""

    visitor: Visitor
    secret: str
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Exposure:
    """From where the console can be reached, and what it asks for there."""

    host: str
    port: int
    public_url: str
    trusted_proxies: tuple[str, ...]
    is_open_to_others: bool  # listens beyond this machine
    is_behind_proxy: bool  # PUBLIC_URL or TRUSTED_PROXIES say so
    has_password: bool
    asks_here: bool  # this machine has to sign in too


class EntryRefusedError(ConsoleError):
    """The sign-in is refused; `wait_s` says for how long no further try is looked at."""

    def __init__(self, text: str, *, wait_s: int = 0, **params: object) -> None:
        """Keep the sentence and the wait."""
        super().__init__(text, wait_s=wait_s, **params)
        self.wait_s = wait_s
