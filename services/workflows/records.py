"""Workflow rows to shapes; outcomes of steps to what an execution keeps of them and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from db.tables.workflows import WorkflowRow
from services.executions.types import Execution, ExecutionState
from services.workflows.rules import read_step
from services.workflows.types import StepOutcome, Workflow, WorkflowRun

OUTPUT_KEPT = 500  # characters; the whole is in the step's own execution


def to_workflow(row: WorkflowRow) -> Workflow:
    """Return the row as a shape."""
    return Workflow(
        id=row.id or 0,
        name=row.name,
        description=row.description,
        steps=tuple(read_step(step) for step in _objects(row.steps)),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_run(execution: Execution, live: Sequence[StepOutcome] | None) -> WorkflowRun:
    """Return the execution of kind workflow as a run; `live` are its steps while it goes on."""
    stored = tuple(_to_outcome(step) for step in _objects(execution.meta.get("steps")))
    return WorkflowRun(
        execution_id=execution.execution_id,
        workflow_id=execution.workflow_id or 0,
        name=execution.subject,
        state=execution.status,
        steps=stored if live is None else tuple(live),
        started_at=execution.started_at or execution.created_at,
        finished_at=execution.finished_at,
        error=execution.error,
        is_cancelling=execution.is_cancelling,
    )


def to_meta(outcomes: Sequence[StepOutcome]) -> list[dict[str, Any]]:
    """Return the outcomes as an execution keeps them, outputs shortened."""
    return [
        {
            "no": outcome.no,
            "kind": outcome.kind,
            "name": outcome.name,
            "state": None if outcome.state is None else str(outcome.state),
            "execution_id": outcome.execution_id,
            "tries": outcome.tries,
            "output": outcome.output[:OUTPUT_KEPT],
            "error": outcome.error[:OUTPUT_KEPT],
            "started_at": outcome.started_at.isoformat() if outcome.started_at else None,
            "duration_ms": outcome.duration_ms,
        }
        for outcome in outcomes
    ]


def _to_outcome(stored: Mapping[str, Any]) -> StepOutcome:
    state, started = stored.get("state"), stored.get("started_at")
    return StepOutcome(
        no=int(stored.get("no", 0)),
        kind=str(stored.get("kind", "")),
        name=str(stored.get("name", "")),
        state=ExecutionState(state) if state in list(ExecutionState) else None,
        execution_id=str(stored.get("execution_id", "")),
        tries=int(stored.get("tries", 0)),
        output=str(stored.get("output", "")),
        error=str(stored.get("error", "")),
        started_at=datetime.fromisoformat(started) if isinstance(started, str) else None,
        duration_ms=stored.get("duration_ms"),
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, Any]", item) for item in items if isinstance(item, dict)]
