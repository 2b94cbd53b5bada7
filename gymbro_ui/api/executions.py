"""/api/v1/executions: list, read, start and cancel whatever runs; the live socket beside it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from gymbro_ui.api import execution_output, execution_socket
from gymbro_ui.api.access import REFUSALS, admin_caller
from gymbro_ui.api.execution_records import event_record, execution_record, kind_record
from gymbro_ui.api.wire_errors import WireError, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.executions.types import (
    Execution,
    ExecutionFilter,
    ExecutionPage,
    ExecutionState,
    StartOptions,
    Trigger,
)

if TYPE_CHECKING:
    from services.console import Console

BIGGEST = 2**63 - 1
Key = Annotated[str, Path(pattern=r"^(exe_[0-9a-z]{18}|[0-9]{1,18})$")]
Number = Annotated[int | None, Query(ge=1, le=BIGGEST)]
Words = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=20)]


def _listed(value: Any) -> Any:
    """Read `a,b` and `a&…=b` as one list."""
    parts: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
    return [item.strip() for part in parts for item in str(part).split(",") if item.strip()]


class ListQuery(BaseModel):
    """Which executions, from where on."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    execution_type: Annotated[Words, BeforeValidator(_listed)] = []
    status: Annotated[list[ExecutionState], Field(max_length=20), BeforeValidator(_listed)] = []
    text: Annotated[str, Field(max_length=200)] = ""
    created_from: Annotated[datetime | None, Field(alias="from")] = None
    created_to: Annotated[datetime | None, Field(alias="to")] = None
    agent_id: Annotated[int | None, Field(ge=1, le=2_147_483_647)] = None
    workflow_id: Annotated[int | None, Field(ge=1, le=2_147_483_647)] = None
    parent_id: Annotated[int | None, Field(ge=1, le=BIGGEST)] = None
    before: Annotated[int | None, Field(ge=-BIGGEST, le=BIGGEST)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def to_filter(self) -> ExecutionFilter:
        """Return the filter for the service."""
        return ExecutionFilter(
            kinds=tuple(self.execution_type),
            states=tuple(self.status),
            text=self.text,
            created_from=_aware(self.created_from),
            created_to=_aware(self.created_to),
            agent_id=self.agent_id,
            workflow_id=self.workflow_id,
            parent_id=self.parent_id,
        )


class StartBody(BaseModel):
    """What to start, and with what."""

    model_config = ConfigDict(extra="forbid")

    execution_type: Annotated[str, Field(min_length=1, max_length=40)]
    params: dict[str, Any] = {}
    subject: Annotated[str, Field(max_length=200)] = ""
    timeout_s: Annotated[float | None, Field(gt=0, le=86_400)] = None


class CancelBody(BaseModel):
    """Which executions to cancel: some, or everything that has not ended."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str | int, Field()]], Field(max_length=1_000)] = []
    all: Literal[True] | None = None


def router(console: "Console") -> APIRouter:
    """Return the routes of executions, all for admins, and their socket."""
    api = APIRouter(
        prefix="/api/v1/executions",
        tags=["executions"],
        route_class=WireRoute,
        responses=REFUSALS,
    )
    _add_lists(api, console)
    _add_one(api, console)
    _add_acts(api, console)
    whole = APIRouter()
    whole.include_router(api)
    whole.include_router(execution_socket.router(console))
    whole.include_router(execution_output.router(console))
    return whole


def _add_lists(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("")
    async def list_executions(  # pyright: ignore[reportUnusedFunction]
        request: Request, wanted: Annotated[ListQuery, Query()], _: Caller = admin
    ) -> Response:
        """List executions, newest first; `next_before` of one page is `before` of the next."""
        page = await console.executions.page(
            wanted.to_filter(), before=wanted.before, limit=wanted.limit
        )
        return _listing(console, request, page)

    @api.get("/kinds")
    async def kinds(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List what can be started."""
        found = [kind_record(kind) for kind in console.executions.kinds.values()]
        return envelope(request_id_of(request.scope), found, total=len(found))


def _listing(console: "Console", request: Request, page: ExecutionPage) -> Response:
    counts = console.executions.counts()
    return envelope(
        request_id_of(request.scope),
        [execution_record(one) for one in page.rows],
        next_before=page.next_before,
        is_partial=page.is_partial,
        running=counts.running,
        pending=counts.pending,
        limit_running=counts.limit,
    )


def _add_one(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/{execution_id}")
    async def read(execution_id: Key, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one execution by its number or its text id."""
        return _whole(request, await console.executions.get(execution_id))

    @api.get("/{execution_id}/events")
    async def events(  # pyright: ignore[reportUnusedFunction]
        execution_id: Key,
        request: Request,
        since: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
        limit: Annotated[int, Query(ge=1, le=2_000)] = 500,
        _: Caller = admin,
    ) -> Response:
        """Return its timeline after that number, oldest first."""
        found = await console.executions.events(execution_id, since=since, limit=limit)
        rows = [event_record(event) for event in found]
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.get("/{execution_id}/children")
    async def children(execution_id: Key, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return its parts, oldest first."""
        found = [execution_record(one) for one in await console.executions.children(execution_id)]
        return envelope(request_id_of(request.scope), found, total=len(found))

    @api.get("/{execution_id}/output")
    async def output(  # pyright: ignore[reportUnusedFunction]
        execution_id: Key,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=1_000_000)] = 1_000_000,
        _: Caller = admin,
    ) -> Response:
        """Return a piece of the whole output as plain text, counted in characters."""
        text = await console.executions.read_output(execution_id, offset=offset, limit=limit)
        return PlainTextResponse(text)


def _add_acts(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("", status_code=202)
    async def start(body: StartBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Start one; the answer comes at once, the work goes on without the caller."""
        kind = console.executions.kinds.get(body.execution_type)
        if kind is not None and not kind.is_startable:
            raise WireError(
                422, "not_startable", "This kind has a route of its own", is_admin_route=True
            )
        execution = await console.executions.start(
            body.execution_type,
            body.params,
            trigger=Trigger.API,
            started_by=_who(caller),
            options=StartOptions(subject=body.subject, timeout_s=body.timeout_s),
        )
        return _whole(request, execution, 202)

    @api.post("/cancel", status_code=202)
    async def cancel_many(body: CancelBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Ask several to end; says of each that could not be asked why."""
        ids = [str(key) for key in body.ids]
        if body.all:
            ids = [one.execution_id for one in console.executions.running()]
        report = await console.executions.cancel_many(ids, by=_who(caller))
        data: Mapping[str, Any] = {
            "asked": [execution_record(one) for one in report.asked],
            "refused": {key: str(reason) for key, reason in report.refused.items()},
        }
        return envelope(request_id_of(request.scope), data, code=202)

    @api.post("/{execution_id}/cancel", status_code=202)
    async def cancel(execution_id: Key, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Ask it and its parts to end; force follows after 5 s."""
        asked = await console.executions.cancel(execution_id, by=_who(caller))
        return _whole(request, asked, 202)

    @api.post("/{execution_id}/again", status_code=202)
    async def again(execution_id: Key, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Start the same kind with the same parameters."""
        started = await console.executions.run_again(
            execution_id, trigger=Trigger.API, started_by=_who(caller)
        )
        return _whole(request, started, 202)


def _whole(request: Request, execution: Execution, code: int = 200) -> Response:
    return envelope(
        request_id_of(request.scope),
        execution_record(execution),
        code=code,
        execution_id=execution.execution_id,
    )


def _who(caller: Caller) -> str:
    return caller.email or caller.user_id


def _aware(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
