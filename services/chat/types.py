"""The chat conversation: request, events, reply."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_HTTP_FAILURE = re.compile(
    r"upstream_http_(\d{3})|HTTP(?:/\d\.\d)? ?(?:error |status )?(\d{3})", re.IGNORECASE
)


class Outcome(StrEnum):
    """How a conversation ended, before anybody judges its text."""

    COMPLETED = "completed"  # terminal event completed
    ERROR_EVENT = "error_event"  # terminal event error
    REFUSED = "refused"  # the POST was answered with an error status
    STREAM_REFUSED = "stream_refused"  # the events call was answered with an error status
    INCOMPLETE = "incomplete"  # the stream ended without a terminal event
    DEADLINE = "deadline"  # the total or a first-byte deadline passed
    LIMIT = "limit"  # a line, event, reply or event-count limit was passed
    UNREACHABLE = "unreachable"  # no connection, or it was lost before the stream began
    MALFORMED = "malformed"  # an answer that is not what the contract says
    CANCELLED = "cancelled"


@dataclass(slots=True)  # not frozen: see Timings
class ChatRequest:
    """One message to one model key of a target."""

    api_base: str  # ends in /api/v1
    access_token: str = field(repr=False)
    model_key: str
    text: str
    request_id: str  # uuid4 hex, on both calls
    result_mode: str = "raw_passthrough"
    tool_choice: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conversation_id: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])  # further fields of 2.1
    total_s: float = 120.0  # deadline over everything; heartbeats do not extend it
    accept_s: float = 30.0
    first_event_s: float = 30.0
    connect_s: float = 5.0  # for a socket; never longer than the deadline it is part of
    max_events: int = 4000


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """One server-sent event as it arrived."""

    name: str
    data: Mapping[str, Any]
    at_ms: float  # since the POST began


@dataclass(slots=True)  # not frozen: that costs, and thousands are made a second
class Timings:
    """Milliseconds since the POST began; None where it never came to that."""

    accepted_ms: float | None = None  # 202 received
    first_event_ms: float | None = None
    first_delta_ms: float | None = None  # first visible text (TTFT)
    total_ms: float = 0.0  # to the terminal event, or to the failure


@dataclass(slots=True)  # not frozen: that costs, and thousands are made a second
class Reply:
    """Everything that is known of one finished conversation."""

    outcome: Outcome
    request_id: str
    message_id: str = ""
    conversation_id: str = ""
    text: str = ""  # assembled for either protocol, capped at 8 MB by the limits
    protocol: str = "thinkingml_v45"  # or jsonseq_v1, by the events seen
    sequence: tuple[int, ...] = ()  # seq of each content_delta in order of arrival
    structured: tuple[tuple[str, Mapping[str, Any]], ...] = ()  # jsonseq events in order
    event_count: int = 0
    status: int | None = None  # HTTP status of a refusal
    error: str = ""  # machine word: the server's code or contract 14's; empty when completed
    error_text: str = ""  # the server's own words, redacted, up to 500 characters
    retry_after_s: int | None = None
    routed: Mapping[str, Any] = field(default_factory=dict[str, Any])  # data of status routed
    terminal: Mapping[str, Any] = field(default_factory=dict[str, Any])  # data of the last event
    timings: Timings = field(default_factory=Timings)
    bytes_received: int = 0
    gaps_ms: tuple[float, ...] = ()  # between reads with events, from the first text on
    was_flagged: tuple[str, ...] = ()  # oddities: invalid_utf8, bad_json_event, duplicate_seq …

    @property
    def is_limited_upstream(self) -> bool:
        """Whether the stream ended because the gateway's supplier answered 429."""
        if self.outcome is not Outcome.ERROR_EVENT:
            return False
        stated = self.terminal.get("upstream_status")
        return 429 in (stated, http_failure_in(f"{self.error} {self.error_text}"))


def http_failure_in(text: str) -> int | None:
    """Return the HTTP status a supplier's failure names, if any."""
    found = _HTTP_FAILURE.search(text)
    return int(found.group(1) or found.group(2)) if found else None


@dataclass(frozen=True, slots=True)
class ModelList:
    """The mapped models of a target, or why they could not be had."""

    keys: tuple[str, ...] = ()  # in the server's order, each once
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    error: str = ""  # `fetch_models_failed: HTTP n` or `fetch_models_failed: <why>`; empty when had
    error_text: str = ""  # the server's own words, redacted
    status: int | None = None  # HTTP status when there was an answer
    retry_after_s: int | None = None
    elapsed_ms: int = 0
