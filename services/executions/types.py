"""Executions: one thing that ran or runs, its timeline, and what the work may ask."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from services.foundation.ids import is_demo_id
from services.foundation.messages import Message


class ExecutionState(StrEnum):
    """The life cycle of every execution."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"  # somebody's act
    INTERRUPTED = "interrupted"  # the process ended while it ran or waited
    TIMED_OUT = "timed_out"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return self not in (ExecutionState.PENDING, ExecutionState.RUNNING)


class Trigger(StrEnum):
    """What started it."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    API = "api"
    COMMAND = "command"


class CancelStage(StrEnum):
    """How far the ladder of a cancel is."""

    NONE = ""
    ASKED = "asked"  # the work may tidy up for 5 s
    FORCED = "forced"  # cancelled again, then closed from outside
    ABANDONED = "abandoned"  # it blocks a thread: nobody can end it


class EventKind(StrEnum):
    """The events every execution has; the work adds its own under words of its own."""

    CREATED = "created"
    STARTED = "started"
    CHILD_STARTED = "child_started"  # data: execution_id, execution_type
    CHILD_ENDED = "child_ended"  # data: execution_id, status
    CANCEL_ASKED = "cancel_asked"  # data: by
    CANCEL_FORCED = "cancel_forced"
    CANCEL_ABANDONED = "cancel_abandoned"
    EVENTS_CAPPED = "events_capped"  # the work said more than the log keeps
    ENDED = "ended"  # data: status, error_kind


@dataclass(frozen=True, slots=True)
class Execution:
    """One row, whole, as every page, socket and route shows it."""

    id: int
    execution_id: str  # exe_…, sortable
    execution_type: str  # e2e, …
    label: str
    status: ExecutionState
    trigger: Trigger
    started_by: str = ""
    done: int = 0
    total: int = 0  # 0: not known, show the elapsed time
    created_at: datetime | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    finished_at: datetime | None = None
    output: str = ""  # at most 65,536 characters, see output_size
    error_kind: str = ""
    error: str = ""
    agent_id: int | None = None
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])  # params, what the work adds
    is_cancelling: bool = False
    seq: int = 0  # of this state's announcement; grows over all executions and restarts
    subject: str = ""  # what it is about: an agent's or a workflow's name, a model
    input: str = ""
    output_size: int = (
        0  # characters of the whole output; over len(output): the rest is in the file
    )
    workflow_id: int | None = None
    parent_id: int | None = None  # number of the execution it is a part of
    again_of: int | None = None  # number of the execution it repeats
    timeout_s: float | None = None
    cancel_stage: CancelStage = CancelStage.NONE
    cancel_asked_at: datetime | None = None
    queue_place: int = 0  # 1 is next; 0 when it does not wait

    @property
    def is_demo(self) -> bool:
        """Whether it is demo data: it never ran."""
        return is_demo_id(self.execution_id)

    @property
    def reason(self) -> Message:
        """Why it ended badly, as a template with its values where the work gave one."""
        said = self.meta.get("said")
        return Message(said["text"], said["params"]) if said else Message(self.error)


@dataclass(frozen=True, slots=True)
class ExecutionEvent:
    """One line of a timeline; seq counts from 1 within its execution without gaps."""

    execution_id: int  # the number, Execution.id
    seq: int
    at: datetime
    kind: str  # EventKind or a word of the work
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""  # English template for people, filled from data; may be empty

    @property
    def message(self) -> Message:
        """The sentence for people."""
        return Message(self.text, self.data)


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """Text an execution just said; offset counts the characters before it."""

    execution_id: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work of an execution ended, by its own account."""

    status: ExecutionState
    output: str = ""  # replaces what was streamed, when not empty
    error_kind: str = ""
    error: Message | None = None
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What a start may say beside its kind and parameters."""

    subject: str = ""
    agent_id: int | None = None
    workflow_id: int | None = None
    parent_id: int | None = None
    again_of: int | None = None
    timeout_s: float | None = None  # None: the kind's own


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions a list shows; empty means all."""

    kinds: tuple[str, ...] = ()
    states: tuple[ExecutionState, ...] = ()
    text: str = ""  # in id, label, subject, started_by, error or input; case does not matter
    created_from: datetime | None = None
    created_to: datetime | None = None
    agent_id: int | None = None
    workflow_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExecutionPage:
    """A piece of the list, newest first."""

    rows: tuple[Execution, ...]
    next_before: int | None = None  # pass it as `before` for older ones; None: that was all
    is_partial: bool = False  # a text search gave up looking for now; next_before goes on


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """What has not ended, by the memory of the process."""

    running: int = 0
    pending: int = 0
    limit: int = 0  # how many may run at once

    @property
    def total(self) -> int:
        """Running and pending together."""
        return self.running + self.pending


@dataclass(frozen=True, slots=True)
class CancelReport:
    """What became of a request to cancel several."""

    asked: tuple[Execution, ...] = ()
    refused: Mapping[str, Message] = field(default_factory=dict[str, Message])  # id to reason


class Control(Protocol):
    """What running work may say and ask."""

    execution: Execution
    stop_as: ExecutionState | None  # cancelled, interrupted or timed_out, once asked to end

    async def progress(self, done: int, total: int) -> None:
        """Store and announce how far it is; total 0 means that nobody knows."""
        ...

    def append_output(self, text: str) -> None:
        """Add to the output: live pages see it at once, the row soon, the file all of it."""
        ...

    async def note(self, kind: str, text: str = "", data: Mapping[str, Any] | None = None) -> int:
        """Add an event to the timeline; return its sequence number once it is on disk."""
        ...

    async def start_child(
        self, name: str, params: Mapping[str, Any], options: StartOptions | None = None
    ) -> Execution:
        """Start a part of this execution; it never outlives it. Raises what start raises."""
        ...

    async def wait_child(self, execution_id: str) -> Execution:
        """Return the part once it has ended."""
        ...


@dataclass(frozen=True, slots=True)
class ExecutionKind:
    """What can be started by hand, by a schedule, by a program or as a step."""

    name: str  # stored as execution_type
    label: str  # English template for the catalogues
    icon: str  # Material Symbols name
    run: Callable[[Mapping[str, Any], Control], Awaitable[Ending]]
    is_exclusive: bool = True  # a second start while one runs or waits is refused
    limit: int = 0  # how many run at once; 0: only the limit over all kinds holds
    timeout_s: float | None = None  # from its first moment as running; None: no limit
    group: str = ""  # display group, e.g. maintenance
    home: str = ""  # path of the page that shows its results; empty: the execution's own page
    is_startable: bool = True  # POST /executions may start it with parameters of its own
    check: Callable[[Mapping[str, Any]], None] | None = None  # raises InputError before any row
    again: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None  # params of "run again"
