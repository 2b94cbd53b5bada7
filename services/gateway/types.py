"""Shapes of the gateway: refusals, an accepted message, what one message is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from services.accounts.types import Caller
from services.mapping.types import Resolution
from services.suppliers.types import Usage

HeaderLookup = Mapping[str, str]  # request headers, looked up in lower case


class GatewayError(Exception):
    """A request the gateway refuses; `code` is the machine word of the contract."""

    def __init__(  # the fields of one wire shape
        self,
        status: int,
        code: str,
        message: str = "",
        *,
        hint: str = "",
        retry_after_s: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep what the answer says; an empty message repeats the code."""
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message or code
        self.hint = hint
        self.retry_after_s = retry_after_s
        self.extra = extra or {}


class HiddenMessageError(Exception):
    """Somebody else's message, or the wrong conversation: looks like none at all (E8)."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request came from, as far as it can be believed."""

    host: str
    is_exempt: bool = False  # loopback without a forwarding header: no per-address guard


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """The body of POST /messages after its types were checked (contract 2.1)."""

    text: str = ""
    model: str = ""
    conversation_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    messages: Sequence[Mapping[str, Any]] | None = None
    system_prompt: str | None = None
    tools: Sequence[Any] | None = None
    tool_choice: Any = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    dialect: str | None = None
    payload: Mapping[str, Any] | None = None
    result_mode: str | None = None
    skip_prompt: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer of POST /messages."""

    message_id: str  # 32 hex
    conversation_id: str  # uuid


class UsageSink(Protocol):
    """Who counts (the Stats service); both calls are cheap and never raise."""

    def record_activity(self, caller: Caller) -> None:
        """Count one request of a user."""
        ...

    def record_request(
        self,
        *,
        caller: Caller,
        endpoint_id: int | None,
        model: str,
        ok: bool,
        latency_ms: int,
        usage: Usage | None,
    ) -> None:
        """Count one call to a supplier; `model` is the key the caller asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """A resolved key with what a supplier call needs of its endpoint."""

    resolution: Resolution
    api_key: str = field(default="", repr=False)
    failure: str = ""  # a word of contract 3.4 when the request named an endpoint that cannot serve


@dataclass(frozen=True, slots=True)
class StoredLog:
    """What the conversation log keeps of one message, for people."""

    asked: str
    reply: str
    status: str  # completed or error
    error: str
    model: str
    latency_ms: int
    created_at: datetime
    prompt: Mapping[str, Any]  # facts of the assembled prompt, as the event routed told them
