"""/api/v1/workflows: workflows, what a step can be, and their background runs."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.executions.types import Trigger
from services.workflows.types import (
    OnFailure,
    Step,
    StepKind,
    StepOutcome,
    Workflow,
    WorkflowEdit,
    WorkflowRun,
)

if TYPE_CHECKING:
    from services.console import Console


class StepBody(BaseModel):
    """One step; the ranges are the service's, so that a refusal names its field."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(max_length=100)]
    name: Annotated[str, Field(max_length=1_000)] = ""
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    timeout_s: int = 600
    retries: int = 0
    on_failure: OnFailure = OnFailure.STOP


class WorkflowBody(BaseModel):
    """A whole workflow."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=1_000)]
    description: Annotated[str, Field(max_length=5_000)] = ""
    steps: Annotated[list[StepBody], Field(max_length=1_000)] = []

    def to_edit(self, workflow_id: int | None) -> WorkflowEdit:
        """Return the edit for the service."""
        steps = tuple(Step(**step.model_dump()) for step in self.steps)
        return WorkflowEdit(workflow_id, self.name, self.description, steps)


def router(console: "Console") -> APIRouter:
    """Return the routes of workflows, all for admins."""
    api = APIRouter(
        prefix="/api/v1/workflows", tags=["workflows"], route_class=WireRoute, responses=REFUSALS
    )
    _add_runs(api, console)
    _add_rows(api, console)
    return api


def _add_rows(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("")
    async def list_workflows(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List the workflows, oldest first."""
        rows = [workflow_row(workflow) for workflow in console.workflows.all()]
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.post("")
    async def create_workflow(  # pyright: ignore[reportUnusedFunction]
        body: WorkflowBody, request: Request, _: Caller = admin
    ) -> Response:
        """Store a new workflow."""
        workflow = await console.workflows.save(body.to_edit(None))
        return envelope(request_id_of(request.scope), workflow_row(workflow))

    @api.get("/{workflow_id}")
    async def read_workflow(workflow_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one workflow."""
        found = console.workflows.get(workflow_id)
        return envelope(request_id_of(request.scope), workflow_row(found))

    @api.put("/{workflow_id}")
    async def update_workflow(  # pyright: ignore[reportUnusedFunction]
        workflow_id: RowId, body: WorkflowBody, request: Request, _: Caller = admin
    ) -> Response:
        """Replace a workflow; a run under way keeps the steps it began with."""
        workflow = await console.workflows.save(body.to_edit(workflow_id))
        return envelope(request_id_of(request.scope), workflow_row(workflow))

    @api.post("/{workflow_id}/copy")
    async def copy_workflow(workflow_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Store a copy under a free name."""
        workflow = await console.workflows.copy(workflow_id)
        return envelope(request_id_of(request.scope), workflow_row(workflow))

    @api.delete("/{workflow_id}")
    async def delete_workflow(workflow_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Remove a workflow; its runs stay in the history."""
        await console.workflows.delete(workflow_id)
        return envelope(request_id_of(request.scope), {"id": workflow_id})


def _add_runs(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/step-kinds")
    async def list_step_kinds(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List what a step can be now."""
        rows = [_kind_row(kind) for kind in console.workflows.step_kinds().values()]
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.post("/{workflow_id}/run", status_code=202)
    async def run_workflow(  # pyright: ignore[reportUnusedFunction]
        workflow_id: RowId, request: Request, caller: Caller = admin
    ) -> Response:
        """Start a run; it goes on after the answer."""
        execution = await console.workflows.run(
            workflow_id, trigger=Trigger.API, started_by=caller.email or caller.user_id
        )
        data = {
            "id": execution.id,
            "execution_id": execution.execution_id,
            "status": str(execution.status),
        }
        return envelope(request_id_of(request.scope), data, code=202)

    @api.get("/{workflow_id}/runs")
    async def list_workflow_runs(  # pyright: ignore[reportUnusedFunction]
        workflow_id: RowId,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=100)] = 10,
        _: Caller = admin,
    ) -> Response:
        """List a workflow's newest runs with every step, newest first."""
        console.workflows.get(workflow_id)
        rows = [_run_row(run) for run in await console.workflows.runs(workflow_id, limit)]
        return envelope(request_id_of(request.scope), rows, total=len(rows))


def workflow_row(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as it travels."""
    return {
        "id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "steps": [_step_row(step) for step in workflow.steps],
        "created_at": moment(workflow.created_at),
        "updated_at": moment(workflow.updated_at),
    }


def _step_row(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "name": step.name,
        "params": dict(step.params),
        "timeout_s": step.timeout_s,
        "retries": step.retries,
        "on_failure": str(step.on_failure),
    }


def _kind_row(kind: StepKind) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "label": kind.label,
        "timeout_s": kind.timeout_s,
        "params": [{"name": field.name, "type": str(field.kind)} for field in kind.fields],
    }


def _run_row(run: WorkflowRun) -> dict[str, Any]:
    return {
        "execution_id": run.execution_id,
        "workflow_id": run.workflow_id,
        "status": str(run.state),
        "error": run.error or None,
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "steps": [_outcome_row(step) for step in run.steps],
    }


def _outcome_row(step: StepOutcome) -> dict[str, Any]:
    return {
        "no": step.no,
        "kind": step.kind,
        "name": step.name,
        "status": None if step.state is None else str(step.state),
        "execution_id": step.execution_id or None,
        "tries": step.tries,
        "output": step.output,
        "error": step.error or None,
        "duration_ms": step.duration_ms,
    }
