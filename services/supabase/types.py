"""Supabase: how a call can go wrong, what is set, and what a look at the project shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.foundation.errors import UpstreamError

Row = Mapping[str, Any]


class Fault(StrEnum):
    """Why a call came to nothing."""

    UNREACHABLE = "unreachable"  # refused, unknown name, cut, too slow
    TLS = "tls"
    SERVER = "server"  # 5xx
    PAUSED = "paused"  # 540: the project sleeps
    LIMITED = "limited"  # 429
    MALFORMED = "malformed"  # it answers, but not with rows
    REDIRECTED = "redirected"  # never followed: the key would go along
    KEY_REFUSED = "key_refused"
    FORBIDDEN = "forbidden"  # row level security or a missing grant
    TABLE_MISSING = "table_missing"
    COLUMN_MISSING = "column_missing"
    DUPLICATE = "duplicate"  # 23505: it is there already
    ROW_REFUSED = "row_refused"  # this row will never be taken as it is

    @property
    def is_passing(self) -> bool:
        """Whether the same call may work later without anybody doing anything here."""
        return self in _PASSING

    @property
    def needs_operator(self) -> bool:
        """Whether no call will work before somebody changes a key, a policy or a table."""
        return self in _NEED_OPERATOR


_PASSING = frozenset(
    (
        Fault.UNREACHABLE,
        Fault.TLS,
        Fault.SERVER,
        Fault.PAUSED,
        Fault.LIMITED,
        Fault.MALFORMED,
        Fault.REDIRECTED,
    )
)
_NEED_OPERATOR = frozenset(
    (Fault.KEY_REFUSED, Fault.FORBIDDEN, Fault.TABLE_MISSING, Fault.COLUMN_MISSING)
)


class RemoteError(UpstreamError):
    """A call to the project failed; `fault` says what to do about it."""

    def __init__(
        self,
        text: str,
        fault: Fault,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        **params: Any,
    ) -> None:
        """Keep the fault, the sentence, and how long the server wants to be left alone."""
        super().__init__(text, permanent=not fault.is_passing, status=status, **params)
        self.fault = fault
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a table, by id; `count` is the exact number of rows that match."""

    rows: Sequence[dict[str, Any]]
    count: int | None


class Link(StrEnum):
    """How the project looked the last time."""

    DISABLED = "disabled"
    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class SupabaseView:
    """What is set and how it looked; keys masked."""

    url: str = ""
    source: str = ""  # page, environment, or empty: nothing is set
    anon_key_masked: str = ""
    service_key_masked: str = ""
    service_key_source: str = ""
    pushes_api_keys: bool = False  # supplier keys travel only when the operator asks
    link: Link = Link.DISABLED
    detail: str = ""  # why it is not online; English template of a Message
    detail_params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fault: Fault | None = None
    latency_ms: int | None = None
    checked_at: datetime | None = None
    keepalive_minutes: int = 0  # 0: off

    @property
    def is_configured(self) -> bool:
        """Whether there is a project to sync with: an address and a service key."""
        return bool(self.url and self.service_key_masked)


@dataclass(frozen=True, slots=True)
class SupabaseEdit:
    """What an operator wants to store; None leaves a value as it is, an empty key forgets it."""

    url: str | None = None
    anon_key: str | None = field(default=None, repr=False)
    service_key: str | None = field(default=None, repr=False)
    pushes_api_keys: bool | None = None


@dataclass(frozen=True, slots=True)
class TableState:
    """What a look at one table of the project showed."""

    name: str
    is_there: bool
    is_optional: bool
    rows: int | None = None
    fault: Fault | None = None
    text: str = ""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What "test connection" found."""

    is_good: bool
    latency_ms: int
    tables: tuple[TableState, ...]
