"""Mappings: which models serve a business key, and what a request would get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.foundation.errors import ConflictError
from services.foundation.messages import Message
from services.models.types import Endpoint


class Scope(StrEnum):
    """Where a mapping applies; `tenant` is read as mapping."""

    USER = "user"
    PREMIUM_USER = "premium_user"
    PROMPT = "prompt"
    MODULE = "module"
    MAPPING = "mapping"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class ModelMapping:
    """One row of llm_model_mappings."""

    id: str  # scope:key
    scope_type: Scope
    scope_key: str
    name: str
    default_model: str
    candidates: tuple[str, ...] = ()
    is_active: bool = True
    source: str = "local"
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    updated_at: datetime | None = None

    def as_edit(self, *, is_active: bool | None = None) -> "MappingEdit":
        """Return the edit that would store the mapping as it is, switched as wanted."""
        return MappingEdit(
            scope_type=self.scope_type,
            scope_key=self.scope_key,
            name=self.name,
            default_model=self.default_model,
            candidates=self.candidates,
            is_active=self.is_active if is_active is None else is_active,
            metadata=self.metadata,
        )


@dataclass(frozen=True, slots=True)
class MappingEdit:
    """What an operator or a client wants to store under scope and key."""

    scope_type: Scope
    scope_key: str
    name: str = ""
    default_model: str = ""
    candidates: tuple[str, ...] = ()
    is_active: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


class EditedMeanwhileError(ConflictError):
    """Somebody else changed or deleted the mapping since it was opened for editing."""

    def __init__(self, text: str, *, id: str, who: str, at: datetime | None) -> None:  # noqa: A002  # a parameter of the message
        """Keep who it was, as the log names them, and when; both unknown when the log says nothing."""
        super().__init__(text, existing_id=id, id=id)
        self.who = who
        self.at = at


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What of a request can steer its model; empty fields are skipped."""

    user_id: str = ""
    is_premium: bool = False
    prompt_id: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a request for a key gets now, and why."""

    key: str
    model: str
    endpoint: Endpoint
    mapping_id: str
    provider: str  # openai, claude, xai, gemini or demo
    dialect: str  # openai.chat_completions or anthropic.messages
    steps: tuple[str, ...] = ()  # why, one English sentence a step


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a key gets its model, or why it gets none."""

    resolution: Resolution | None
    reasons: tuple[Message, ...]  # one sentence a step

    @property
    def steps(self) -> tuple[str, ...]:
        """The reasons in English, for programs and logs."""
        return tuple(map(str, self.reasons))


@dataclass(frozen=True, slots=True)
class MappedModel:
    """One key a client may ask for (contract 5.1, view=mapped)."""

    name: str
    default_model: str  # first routable choice
    candidates: tuple[str, ...]  # routable ones only
    mapping_id: str
    scope_type: Scope
    is_active: bool = True
    required_tier: str | None = None
    provider: str | None = None
    dialect: str | None = None
    endpoint_id: int | None = None
    endpoint_name: str | None = None
    resolved_model: str | None = None
    blocked_candidates: tuple[str, ...] = ()
    is_demo: bool = False
    updated_at: datetime | None = None


class Flaw(StrEnum):
    """Why a model that a mapping names is not routed to."""

    DANGLING = "dangling"  # no endpoint offers it at all
    UNUSABLE = "unusable"  # only endpoints offer it that are off, offline, without key or for tests
    BLOCKED = "blocked"
    EMBEDDING = "embedding"  # it answers with vectors


@dataclass(frozen=True, slots=True)
class Problem:
    """One reference of a mapping that leads nowhere."""

    mapping_id: str
    model: str
    flaw: Flaw
    is_default: bool


class ScopeState(StrEnum):
    """What became of one scope while a request was resolved."""

    NOT_CARRIED = "not_carried"  # the request says nothing of it
    NO_MAPPING = "no_mapping"
    SWITCHED_OFF = "switched_off"
    APPLIES = "applies"
    OVERRULED = "overruled"  # a more specific one applies


@dataclass(frozen=True, slots=True)
class ScopeLook:
    """One scope of the stated order, as a request met it."""

    scope: Scope
    mapping_id: str  # empty when the request carries nothing of it
    state: ScopeState


@dataclass(frozen=True, slots=True)
class Trace:
    """What a request would get and why, with every scope in its order."""

    explanation: Explanation
    looks: tuple[ScopeLook, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the mapping leads somewhere; the resolver's own numbers."""

    keys: int  # keys of active mappings that clients may ask for
    routable: int  # of them, those that get a model now
    inactive: int  # mappings that are switched off
    dangling: int  # references to models nobody offers
    unusable: int
    blocked: int
    demo: int = 0  # of the routable keys, those the demo supplier answers


@dataclass(frozen=True, slots=True)
class Moved:
    """A key that gets another model or endpoint."""

    key: str
    model_before: str
    model_after: str
    endpoint_before: str
    endpoint_after: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would do to the keys clients ask for."""

    lost: tuple[str, ...] = ()  # keys that would get nothing; `key (scope:x)` for a restriction
    moved: tuple[Moved, ...] = ()
    gained: tuple[str, ...] = ()
    broken: tuple[Problem, ...] = ()  # references that would newly lead nowhere

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change for anybody."""
        return not (self.lost or self.moved or self.gained or self.broken)


@dataclass(frozen=True, slots=True)
class Changed:
    """A stored mapping and what an import would make of it."""

    before: ModelMapping
    edit: MappingEdit


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that cannot be imported, and why."""

    name: str
    reason: Message


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do; applying it a second time does nothing."""

    added: tuple[MappingEdit, ...] = ()
    changed: tuple[Changed, ...] = ()
    same: int = 0
    skipped: tuple[Skipped, ...] = ()

    @property
    def edits(self) -> tuple[MappingEdit, ...]:
        """What would be written."""
        return (*self.added, *(one.edit for one in self.changed))


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How one model did under a mapping that is not active yet."""

    key: str
    model: str
    endpoint: str
    verdict: str  # ok, slow, bad_structure, failed, signin_failed, limited or not_judged
    reason: str  # machine word; "ok" when good
    latency_ms: int | None = None
    ttft_ms: int | None = None
    request_id: str = ""

    @property
    def is_good(self) -> bool:
        """Whether its structure held, also slowly."""
        return self.verdict in ("ok", "slow")


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial as far as it is."""

    execution_id: str
    total: int
    results: tuple[TrialResult, ...] = ()
    is_over: bool = False
    error: str = ""  # English; when it ended without a verdict

    @property
    def passed(self) -> int:
        """How many models did well."""
        return sum(result.is_good for result in self.results)
