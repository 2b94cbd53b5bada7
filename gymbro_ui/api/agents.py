"""/api/v1/agents: agents and their background tests."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller, UserType
from services.agents.types import Agent, AgentEdit, AgentTest
from services.executions.types import Trigger

if TYPE_CHECKING:
    from services.console import Console

Number = Annotated[int, Field(ge=1, le=2_147_483_647)]


class AgentBody(BaseModel):
    """A whole agent; the ranges are the service's, so that a refusal names its field."""

    model_config = ConfigDict(protected_namespaces=(), extra="forbid")

    name: Annotated[str, Field(max_length=1_000)]
    model_key: Annotated[str, Field(max_length=1_000)]
    description: Annotated[str, Field(max_length=5_000)] = ""
    prompt_id: Number | None = None
    prompt_version_no: Number | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: int = 120
    uses_tools: bool = False

    def to_edit(self, agent_id: int | None) -> AgentEdit:
        """Return the edit for the service."""
        return AgentEdit(id=agent_id, **self.model_dump())


class TestBody(BaseModel):
    """What a test sends, and as whom."""

    model_config = ConfigDict(extra="forbid")

    test_input: Annotated[str, Field(max_length=1_000_000)]
    user_type: Literal["anonymous", "permanent"] = "anonymous"


def router(console: "Console") -> APIRouter:
    """Return the routes of agents, all for admins."""
    api = APIRouter(
        prefix="/api/v1/agents", tags=["agents"], route_class=WireRoute, responses=REFUSALS
    )
    _add_rows(api, console)
    _add_tests(api, console)
    return api


def _add_rows(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("")
    async def list_agents(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List the agents, oldest first."""
        rows = [agent_row(agent) for agent in console.agents.all()]
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.post("")
    async def create_agent(body: AgentBody, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Store a new agent."""
        agent = await console.agents.save(body.to_edit(None))
        return envelope(request_id_of(request.scope), agent_row(agent))

    @api.get("/{agent_id}")
    async def read_agent(agent_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one agent."""
        return envelope(request_id_of(request.scope), agent_row(console.agents.get(agent_id)))

    @api.put("/{agent_id}")
    async def update_agent(  # pyright: ignore[reportUnusedFunction]
        agent_id: RowId, body: AgentBody, request: Request, _: Caller = admin
    ) -> Response:
        """Replace an agent's settings."""
        agent = await console.agents.save(body.to_edit(agent_id))
        return envelope(request_id_of(request.scope), agent_row(agent))

    @api.post("/{agent_id}/copy")
    async def copy_agent(agent_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Store a copy under a free name."""
        agent = await console.agents.copy(agent_id)
        return envelope(request_id_of(request.scope), agent_row(agent))

    @api.delete("/{agent_id}")
    async def delete_agent(agent_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Remove an agent; its tests stay in the history."""
        await console.agents.delete(agent_id)
        return envelope(request_id_of(request.scope), {"id": agent_id})


def _add_tests(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/{agent_id}/test", status_code=202)
    async def test_agent(  # pyright: ignore[reportUnusedFunction]
        agent_id: RowId, body: TestBody, request: Request, caller: Caller = admin
    ) -> Response:
        """Start a test; it runs on after the answer."""
        execution = await console.agents.test(
            agent_id,
            body.test_input,
            UserType(body.user_type),
            trigger=Trigger.API,
            started_by=caller.email or caller.user_id,
        )
        data = {
            "id": execution.id,
            "execution_id": execution.execution_id,
            "status": str(execution.status),
        }
        return envelope(request_id_of(request.scope), data, code=202)

    @api.get("/{agent_id}/tests")
    async def list_agent_tests(  # pyright: ignore[reportUnusedFunction]
        agent_id: RowId,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        _: Caller = admin,
    ) -> Response:
        """List an agent's newest tests, newest first."""
        console.agents.get(agent_id)
        rows = [test_row(test) for test in await console.agents.tests(agent_id, limit)]
        return envelope(request_id_of(request.scope), rows, total=len(rows))


def agent_row(agent: Agent) -> dict[str, Any]:
    """Return an agent as it travels."""
    return {
        "id": agent.id,
        "name": agent.name,
        "description": agent.description,
        "model_key": agent.model_key,
        "prompt_id": agent.prompt_id,
        "prompt_version_no": agent.prompt_version_no,
        "temperature": agent.temperature,
        "max_tokens": agent.max_tokens,
        "timeout_s": agent.timeout_s,
        "uses_tools": agent.uses_tools,
        "created_at": moment(agent.created_at),
        "updated_at": moment(agent.updated_at),
    }


def test_row(test: AgentTest) -> dict[str, Any]:
    """Return a test as it travels."""
    return {
        "execution_id": test.execution_id,
        "status": str(test.state),
        "verdict": test.verdict or None,
        "reason": test.reason or None,
        "user_type": str(test.user_type),
        "input": test.input,
        "output": test.output,
        "is_output_cut": test.is_output_cut,
        "error": test.error or None,
        "latency_ms": test.latency_ms,
        "ttft_ms": test.ttft_ms,
        "resolved_model": test.model or None,
        "started_at": moment(test.started_at),
        "finished_at": moment(test.finished_at),
    }
