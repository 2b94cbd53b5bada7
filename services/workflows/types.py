"""Workflows: their steps, what a step may be, and what became of one that ran."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.executions.types import ExecutionState
from services.foundation.messages import say

KIND = "workflow"
STARTER_NAME = say("Morning check").text  # the workflow a new store begins with
STARTER_NOTE = say(
    "Looks at every provider, asks every mapped model end to end, and sums it up."
).text
STEPS_MAX = 20
RETRIES_MAX = 3
TEXT_MAX = 5_000  # characters of a step's text before anything is put in


class OnFailure(StrEnum):
    """What follows when a step did not succeed."""

    STOP = "stop"
    CONTINUE = "continue"


class FieldKind(StrEnum):
    """How the editor asks for a parameter."""

    TEXT = "text"  # several lines; placeholders are filled
    SECONDS = "seconds"
    AGENT = "agent"  # number of an agent
    IDENTITY = "identity"  # anonymous or permanent
    IDENTITIES = "identities"  # a list of these
    MODELS = "models"  # a list of model keys; empty: all
    OBJECT = "object"  # a JSON object; placeholders are filled in its texts


@dataclass(frozen=True, slots=True)
class StepField:
    """One parameter of a kind of step."""

    name: str
    kind: FieldKind
    label: str  # English template for the catalogues
    default: Any = None


@dataclass(frozen=True, slots=True)
class StepKind:
    """A kind of execution that can be a step."""

    name: str
    label: str  # English template for the catalogues
    icon: str
    fields: tuple[StepField, ...]
    timeout_s: int  # what a new step starts with


@dataclass(frozen=True, slots=True)
class Step:
    """One step as stored."""

    kind: str
    name: str = ""  # empty: the kind's own label
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout_s: int = 600  # 1..7200
    retries: int = 0  # 0..3, further tries after a failure
    on_failure: OnFailure = OnFailure.STOP


@dataclass(frozen=True, slots=True)
class Workflow:
    """Ordered steps under a name."""

    id: int
    name: str
    description: str = ""
    steps: tuple[Step, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkflowEdit:
    """What an operator wants to store: the whole workflow; id None makes a new one."""

    id: int | None
    name: str
    description: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What became of one step; state None: its turn has not come, or never came."""

    no: int  # from 1
    kind: str
    name: str
    state: ExecutionState | None = None
    execution_id: str = ""  # of its last try
    tries: int = 0
    output: str = ""
    error: str = ""
    started_at: datetime | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of a workflow, going on or past."""

    execution_id: str
    workflow_id: int
    name: str
    state: ExecutionState
    steps: tuple[StepOutcome, ...]
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    is_cancelling: bool = False
