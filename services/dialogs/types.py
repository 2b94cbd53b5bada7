"""Dialogs: what is asked, what is seen while it runs, what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.e2e.types import Cause, CellStatus, CheckResult, Kind
from services.foundation.ids import is_demo_id
from services.foundation.messages import Message
from services.prompts.types import Diff

KIND = "dialog"
MESSAGE_MAX = 20_000  # characters
SYSTEM_MAX = 40_000
EVENTS_KEPT = 4_000  # of one turn; the chat client ends a stream there too


class Identity(StrEnum):
    """As whom a message is sent."""

    ANONYMOUS = "anonymous"
    PERMANENT = "permanent"  # a new registered user, or the target's fixed account
    SAVED = "saved"  # a test user that is kept
    TOKEN = "token"  # pasted by the operator, never stored


class PromptSource(StrEnum):
    """Who writes the system message."""

    SERVER = "server"  # whatever is active there
    STORED = "stored"  # one version of a prompt of ours
    OWN = "own"  # text typed for this conversation
    NONE = "none"


class Saved(StrEnum):
    """Where a turn is kept."""

    NOT_YET = ""
    STORED = "stored"  # a row of ai_prompt_tests
    JOURNAL = "journal"  # the database refused; it is written later
    LOST = "lost"  # neither took it


class Phase(StrEnum):
    """What a running turn is doing."""

    WAITING = "waiting"  # its place in the queue
    SIGNING_IN = "signing_in"
    SENDING = "sending"  # until the first event
    PAUSING = "pausing"  # a 429 asked for a short wait
    STREAMING = "streaming"
    SAVING = "saving"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class DialogRequest:
    """One message with everything that decides how it is sent and judged."""

    model: str
    message: str
    identity: Identity = Identity.ANONYMOUS
    test_user_id: int | None = None
    token_key: str = ""  # names a pasted token in memory; the token itself is in no request
    target_id: int | None = None  # None: the target chosen now
    prompt: PromptSource = PromptSource.SERVER
    prompt_id: int | None = None
    prompt_version_no: int | None = None  # None: the newest
    system_prompt: str = ""
    result_mode: str = "raw_passthrough"
    protocol: str = ""  # expected structure; empty: as the events show it; none: not judged
    temperature: float | None = None
    max_tokens: int | None = None
    uses_tools: bool = False
    timeout_s: int = 120
    after: str = ""  # dialog_id of the turn this one follows
    holds_user: bool = False  # keep the user signed in for the next turn


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as it arrived."""

    no: int  # from 1
    name: str
    at_ms: float  # since the POST began
    size: int  # bytes of its data
    data: str = ""  # JSON; empty where the cap on what is kept was reached


@dataclass(frozen=True, slots=True)
class TurnTimings:
    """Milliseconds; all but the sign-in count from the POST's beginning."""

    signin_ms: int | None = None
    accepted_ms: float | None = None
    first_event_ms: float | None = None
    ttft_ms: float | None = None  # first visible text
    gap_p50_ms: float | None = None  # between pieces of text
    gap_max_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, slots=True)
class TokenLook:
    """What a token says of itself, nothing verified; it does not hold the token."""

    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])
    algorithm: str = ""
    expires_at: int | None = None  # unix seconds
    warnings: tuple[Message, ...] = ()
    refusal: Message | None = None  # why it cannot be used at all


@dataclass(frozen=True, slots=True)
class Advice:
    """Whose side it is on, what happened and what to do next."""

    cause: Cause
    what: Message
    next: Message


@dataclass(frozen=True, slots=True)
class Dialog:
    """One turn as it was judged and kept."""

    dialog_id: str  # of its execution
    request: DialogRequest
    status: CellStatus
    kind: Kind
    cause: Cause = Cause.NONE
    error: str = ""
    error_text: str = ""
    reply: str = ""
    is_reply_cut: bool = False
    turn: int = 1
    root: str = ""  # dialog_id of the conversation's first turn
    conversation_id: str = ""
    request_id: str = ""
    message_id: str = ""
    user_id: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])
    target_id: int = 0
    target: str = ""  # api_base
    http_status: int | None = None
    retry_after_s: int | None = None
    retries: tuple[str, ...] = ()
    timings: TurnTimings = TurnTimings()
    event_count: int = 0
    byte_count: int = 0
    events: tuple[EventLine, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    flags: tuple[str, ...] = ()  # oddities of the stream
    protocol: str = ""  # by the events seen
    result_mode_effective: str = ""
    provider: str = ""
    resolved_model: str = ""
    endpoint_id: int = 0
    repairs: tuple[str, ...] = ()
    prompt_block: Mapping[str, Any] = field(default_factory=dict[str, Any])
    created_at: datetime | None = None
    saved: Saved = Saved.NOT_YET
    advice: Advice | None = None  # None: nothing to say

    @property
    def is_demo(self) -> bool:
        """Whether it is demo data: nobody was asked."""
        return is_demo_id(self.dialog_id)

    @property
    def is_open(self) -> bool:
        """Whether it still runs."""
        return self.status in (CellStatus.RUNNING, CellStatus.PENDING)


@dataclass(slots=True)
class LiveDialog:
    """A turn while it runs; it grows in place, `Dialogs.changed` says when."""

    dialog_id: str
    request: DialogRequest
    turn: int = 1
    root: str = ""
    phase: Phase = Phase.WAITING
    target: str = ""
    pieces: list[str] = field(default_factory=list[str])  # text of the reply as it came
    events: list[EventLine] = field(default_factory=list[EventLine])
    pause_s: int = 0  # asked for by a 429
    look: TokenLook | None = None
    signin_ms: int | None = None
    result: Dialog | None = None  # set once it is judged and kept

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self.result is not None


@dataclass(frozen=True, slots=True)
class DialogFilter:
    """Which turns a list shows; empty means all."""

    text: str = ""  # in request, reply, model or error; case does not matter
    model: str = ""
    statuses: tuple[CellStatus, ...] = ()
    kinds: tuple[Kind, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    root: str = ""  # of one conversation


@dataclass(frozen=True, slots=True)
class DialogPage:
    """A piece of the list, newest first; rows have no events."""

    rows: tuple[Dialog, ...]
    next_before: str = ""  # pass it as `before` for older ones; empty: that was all
    is_partial: bool = False  # a text search looked at as many rows as it may


@dataclass(frozen=True, slots=True)
class DialogComparison:
    """Two turns side by side, and the difference of their replies."""

    before: Dialog
    after: Dialog
    reply: Diff


@dataclass(frozen=True, slots=True)
class DialogExport:
    """A file of the turns of one filter."""

    name: str
    media_type: str
    content: bytes
