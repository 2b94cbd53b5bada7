"""Executions: one thing that ran or runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from services.foundation.messages import Message


class ExecutionState(StrEnum):
    """The life cycle of every execution."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"  # somebody's act
    INTERRUPTED = "interrupted"  # the process ended while it ran
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
    total: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    finished_at: datetime | None = None
    output: str = ""
    error_kind: str = ""
    error: str = ""
    agent_id: int | None = None
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_cancelling: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work of an execution ended, by its own account."""

    status: ExecutionState
    output: str = ""
    error_kind: str = ""
    error: Message | None = None
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Control(Protocol):
    """What running work may say and ask."""

    execution: Execution
    stop_as: ExecutionState | None  # cancelled or interrupted, once it was asked to end

    async def progress(self, done: int, total: int) -> None:
        """Store and announce how far it is."""
        ...


@dataclass(frozen=True, slots=True)
class ExecutionKind:
    """What can be started by hand or by a schedule."""

    name: str  # stored as execution_type
    label: str  # English template for the catalogues
    icon: str  # Material Symbols name
    run: Callable[[Mapping[str, Any], Control], Awaitable[Ending]]
    is_exclusive: bool = True  # a second start while one runs is refused with ConflictError
