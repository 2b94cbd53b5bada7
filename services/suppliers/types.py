"""Supplier protocol: a request in, deltas out, a typed failure."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Dialect(StrEnum):
    """The request shapes of contract 2.3."""

    OPENAI_CHAT = "openai.chat_completions"
    OPENAI_RESPONSES = "openai.responses"
    ANTHROPIC = "anthropic.messages"
    GEMINI = "gemini.generate_content"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the supplier reported them; None where it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the model is asked, before any dialect: OpenAI roles and parameters."""

    messages: Sequence[Mapping[str, Any]]  # the system message, if any, is the first
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Any = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class SupplierCall:
    """One call: where, with which key, which model, and either a conversation or a raw payload."""

    base_url: str  # normalised origin (contract 5.2), "" for demo
    protocol: str  # openai, claude or demo: picks the supplier
    model: str
    conversation: Conversation | None = None
    payload: Mapping[str, Any] | None = None  # payload mode (contract 2.3)
    dialect: Dialect = Dialect.OPENAI_CHAT
    api_key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    request_id: str = ""
    allows_local: bool = False  # this machine and private networks, by the endpoint's own switch


class ToolPiece(NamedTuple):
    """A piece of a tool call; id and name come with the first piece of each number."""

    number: int
    id: str
    name: str
    arguments: str  # JSON text, to be joined


@dataclass(frozen=True, slots=True)
class Delta:
    """One piece of a reply."""

    text: str = ""  # content or reasoning text, as it arrived
    tool_names: tuple[str, ...] = ()
    finish_reason: str = ""
    usage: Usage | None = None
    upstream_request_id: str = ""
    event: str = ""  # the supplier's own event name, for upstream_raw
    raw: str = ""  # the supplier's own data line, for upstream_raw
    tools: tuple[ToolPiece, ...] = ()  # the calls behind tool_names, for OpenAI clients


class SupplierError(Exception):
    """The supplier failed; `word` is one of contract 3.4, e.g. upstream_http_503."""

    def __init__(
        self, word: str, *, status: int | None = None, detail: str = "", retry_after_s: int = 0
    ) -> None:
        """Keep the word, HTTP status, a short redacted detail and the wait it asked for."""
        super().__init__(f"{word}:{detail}" if detail else word)
        self.word = word
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


class Supplier(Protocol):
    """One dialect of model API."""

    name: str  # the provider_protocol it serves: openai, claude, demo
    provider: str  # the wire's provider word when the endpoint says nothing better

    def stream(self, call: SupplierCall) -> AsyncIterator[Delta]:
        """Yield the reply piece by piece; raise SupplierError."""
        ...


class ProbeState(StrEnum):
    """What a look at an endpoint showed."""

    ONLINE = "online"
    OFFLINE = "offline"
    SIGN_IN_FAILED = "sign_in_failed"  # it answers, the key is refused
    MODELS_NOT_LISTED = "models_not_listed"  # it answers, but has no model list


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One look at an endpoint."""

    state: ProbeState
    latency_ms: int
    models: tuple[str, ...] = ()
    embedding_models: tuple[str, ...] = ()  # listed too, but they cannot chat
    error: str = ""  # short and without key or URL
