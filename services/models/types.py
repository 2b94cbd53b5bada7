"""Endpoints: suppliers' addresses with the models they offer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

DEMO_PROTOCOL = "demo"
_TEST_NAME = re.compile(r"test(?:$|[\s_\-.:/])", re.IGNORECASE)


_KEY_REFUSED = frozenset({"upstream_http_401", "upstream_http_403"})
_NO_LIST = frozenset(
    {"upstream_http_404", "upstream_http_405", "upstream_http_501", "upstream_invalid_response"}
)


class EndpointState(StrEnum):
    """What the last look at an endpoint showed, in the words the pages use."""

    ONLINE = "online"
    SIGN_IN_FAILED = "sign_in_failed"  # it answers, the key is refused
    MODELS_NOT_LISTED = "models_not_listed"  # it answers, but has no list of models
    OFFLINE = "offline"
    CHECKING = "checking"
    UNKNOWN = "unknown"


def is_test_name(name: str) -> bool:
    """Return whether an endpoint's name is `test` or begins with that word."""
    return _TEST_NAME.match(name.strip()) is not None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One supplier endpoint as stored, its key left out (contract 5.1, view=endpoints)."""

    id: int
    name: str
    base_url: str
    provider_protocol: str  # openai, claude or demo
    model: str  # its default model
    model_list: tuple[str, ...] = ()
    is_active: bool = True
    is_default: bool = False
    status: str = "unknown"  # unknown, online, offline, checking
    timeout: int = 60  # seconds
    description: str = ""
    latency_ms: int | None = None
    last_checked_at: datetime | None = None
    last_error: str | None = None
    has_api_key: bool = False
    api_key_masked: str = ""
    supabase_id: int | None = None
    sync_status: str = "unsynced"
    last_synced_at: datetime | None = None
    resolved_endpoints: Mapping[str, str] = field(default_factory=dict[str, str])
    allows_local: bool = False  # calls may go to this machine and to private networks
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_demo(self) -> bool:
        """Whether it is the built-in demo supplier."""
        return self.provider_protocol == DEMO_PROTOCOL

    @property
    def is_test_named(self) -> bool:
        """Whether its name says that it is for tests only (contract 5.2, step 4)."""
        return is_test_name(self.name)

    @property
    def state(self) -> EndpointState:
        """What the last look showed: the wire knows online and offline, the reason says more."""
        if self.status == "online":
            word = (self.last_error or "").partition(":")[0]
            if word in _KEY_REFUSED:
                return EndpointState.SIGN_IN_FAILED
            return EndpointState.MODELS_NOT_LISTED if word in _NO_LIST else EndpointState.ONLINE
        known = self.status in (EndpointState.OFFLINE, EndpointState.CHECKING)
        return EndpointState(self.status) if known else EndpointState.UNKNOWN

    @property
    def offered(self) -> tuple[str, ...]:
        """Every model name it offers, its default first, without doubles."""
        return tuple(dict.fromkeys(name for name in (self.model, *self.model_list) if name))


@dataclass(frozen=True, slots=True)
class EndpointEdit:
    """What an operator or a client wants to store; None means unchanged (or the default, if new)."""

    id: int | None = None
    name: str | None = None
    base_url: str | None = None
    provider_protocol: str | None = None
    model: str | None = None
    model_list: tuple[str, ...] | None = None
    api_key: str | None = field(default=None, repr=False)  # "" deletes the stored key
    is_active: bool | None = None
    is_default: bool | None = None
    timeout: int | None = None
    description: str | None = None
    allows_local: bool | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Listing:
    """What an endpoint itself listed when it was last asked; nothing of it is stored yet."""

    models: tuple[str, ...]
    embedding_models: tuple[str, ...]  # listed too, but they cannot chat
    at: datetime


@dataclass(frozen=True, slots=True)
class ListingChange:
    """How an endpoint's own list differs from the stored one."""

    endpoint_id: int
    added: tuple[str, ...]
    gone: tuple[str, ...]
    embedding_models: tuple[str, ...]
    models: tuple[str, ...]  # what would be stored
    model: str  # the default model that would be stored; the present one while it is listed
    at: datetime

    @property
    def is_empty(self) -> bool:
        """Whether taking it over would change nothing."""
        return not self.added and not self.gone


@dataclass(frozen=True, slots=True)
class AddressNote:
    """What is known of an address before it is stored."""

    base_url: str  # as it would be stored
    host: str
    addresses: tuple[str, ...]  # what the host's name means here; empty: it means nothing
    is_local: bool  # this machine or a private network
    is_forbidden: bool  # never contacted, whatever its name says


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Real calls to one endpoint since the start of the process, whoever made them."""

    calls: int = 0
    failures: int = 0
    failed_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class MonitorView:
    """The periodic look at every endpoint (contract 1.5, /llm/monitor/status)."""

    is_running: bool
    is_probing: bool
    interval_s: int
    last_run_at: datetime | None = None
    next_run_at: datetime | None = None
    last_error: str = ""
    runs: int = 0  # since the start of the process
    failures: int = 0  # of them, those that could not be started or found nobody online
    calls: Mapping[int, CallCounts] = field(default_factory=dict[int, CallCounts])  # by endpoint
