"""Prompts: what the gateway puts in front of a conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.foundation.errors import ConflictError
from services.foundation.messages import Message
from services.settings.types import OutputProtocol


class PromptType(StrEnum):
    """One prompt of each type may be active."""

    SYSTEM = "system"
    TOOLS = "tools"
    SYSTEM_JSONSEQ = "system_jsonseq_v1"
    TOOLS_JSONSEQ = "tools_jsonseq_v1"
    AGENT_SYSTEM = "agent_system"
    AGENT_TOOLS = "agent_tools"


class VersionConflictError(ConflictError):
    """Somebody else saved a version since this text was begun; `newest_no` is theirs."""

    def __init__(self, text: str, *, no: int, by: str) -> None:
        """Keep the sentence and whose version came in between."""
        super().__init__(text, existing_id=str(no), no=no, by=by or "?")
        self.newest_no = no


@dataclass(frozen=True, slots=True)
class Prompt:
    """The head of a prompt: the version that is live while it is active, else its newest one."""

    id: int
    name: str
    prompt_type: PromptType
    content: str
    version_no: int
    is_active: bool
    tools: Sequence[Mapping[str, Any]] = ()
    updated_at: datetime | None = None
    version: str = ""  # the operator's free text
    category: str = ""
    description: str = ""
    tools_json: Any = None  # as stored: a list, {"tools": [...]}, or what an import brought
    supabase_id: int | None = None
    created_at: datetime | None = None
    last_synced_at: datetime | None = None
    newest_no: int = 1
    live_since: datetime | None = None

    @property
    def has_draft(self) -> bool:
        """Whether a newer version waits to be made live."""
        return self.is_active and self.newest_no > self.version_no


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One immutable version of a prompt; lists leave content and tools out."""

    prompt_id: int
    version_no: int
    content: str
    tools_json: Any
    created_by: str
    created_at: datetime
    prompt_type: str = ""
    message: str = ""
    parent_no: int | None = None
    restored_from: int | None = None
    sha256: str = ""  # of content and tools


@dataclass(frozen=True, slots=True)
class PromptEdit:
    """What an operator or a client wants to store; None means unchanged (or empty, if new)."""

    id: int | None = None
    name: str | None = None
    prompt_type: PromptType | None = None  # only for a new one: a type never changes
    content: str | None = None
    tools_json: Any = None
    version: str | None = None
    category: str | None = None
    description: str | None = None
    edited_by: str = ""
    message: str = ""  # what changed and why
    parent_no: int | None = None  # newest version its author saw; None: whatever is newest


@dataclass(frozen=True, slots=True)
class ActivePrompts:
    """The active prompts of one output protocol; 0 and empty where none is active."""

    system_id: int = 0
    system_version_no: int = 0
    system_text: str = ""
    tools_id: int = 0
    tools_version_no: int = 0
    tools_text: str = ""
    tools: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """What the gateway itself saw of a version since the console started."""

    first_at: datetime
    last_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Hit:
    """What a search found: the prompt, and the newest version that holds the words, if any."""

    prompt_id: int
    version_no: int | None = None


class PartKind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A piece of text and what became of it."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """Two texts as one sequence of pieces; `is_coarse`: too large to compare word by word."""

    parts: tuple[DiffPart, ...]
    is_coarse: bool = False

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return all(part.kind is PartKind.SAME for part in self.parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions: their texts and their tools as JSON."""

    text: Diff
    tools: Diff
    tools_added: tuple[str, ...] = ()  # names
    tools_removed: tuple[str, ...] = ()
    tools_changed: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether neither text nor tools differ."""
        return self.text.is_same and self.tools.is_same


@dataclass(frozen=True, slots=True)
class PromptTrial:
    """Prompts that are not active, for requests of the operator that name the trial."""

    active: ActivePrompts
    protocol: OutputProtocol


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """Ask these models under one version before it goes live."""

    prompt_id: int
    version_no: int
    models: tuple[str, ...]
    text: str = ""  # empty: the text of the E2E
    with_live: bool = False  # ask under the live version too, to compare


class TrialState(StrEnum):
    """How far one answer of a trial is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TrialAnswer:
    """What one model says under one version; verdict ok, slow and so on once it is done."""

    model: str
    version_no: int  # of the prompt; for the live one its own number
    is_live: bool = False
    state: TrialState = TrialState.WAITING
    text: str = ""  # so far, at most TEXT_MOST characters
    verdict: str = ""
    reason: str = ""
    ttft_ms: int | None = None
    latency_ms: int | None = None
    resolved_model: str = ""
    request_id: str = ""
    tool_names: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether the answer is good; a slow one is."""
        return self.verdict in ("ok", "slow")


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial with every answer, in the order they were asked for."""

    execution_id: str
    request: TrialRequest
    answers: tuple[TrialAnswer, ...] = ()
    is_over: bool = False
    error: str = ""

    @property
    def tried(self) -> tuple[TrialAnswer, ...]:
        """The answers under the version that is tried."""
        return tuple(answer for answer in self.answers if not answer.is_live)

    @property
    def passed(self) -> int:
        """How many of them are good."""
        return sum(answer.has_passed for answer in self.tried)


class ImportFate(StrEnum):
    """What a file of an import would do."""

    NEW = "new"
    VERSION = "version"  # one more version of a prompt that is here
    KNOWN = "known"  # this text is here already
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file as it came: its name without a folder, and its bytes."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One prompt of a file, what it would do, and why it would do nothing."""

    file: str
    fate: ImportFate
    edit: PromptEdit | None = None
    known_no: int | None = None  # version that has the same text
    reason: Message | None = None

    @property
    def is_useful(self) -> bool:
        """Whether importing it changes anything."""
        return self.fate in (ImportFate.NEW, ImportFate.VERSION)
