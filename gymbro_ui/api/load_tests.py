"""/api/v1/llm/tests/load and /runs: start, read, export and cancel load tests."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller
from gymbro_ui.api.dialog_rows import run_of_dialog
from gymbro_ui.api.load_rows import finding_row, forecast_row, run_row, sample_row
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.dialogs.types import KIND as DIALOG
from services.executions.types import Trigger
from services.foundation.errors import NotFoundError
from services.loadtest.types import SampleClass
from services.targets.types import TargetEdit

if TYPE_CHECKING:
    from services.console import Console

RunId = Annotated[str, Path(pattern=r"^exe_[0-9a-z]{18}$")]
_OFFSET_MAX = 10_000_000
_RENAMED = {"batch_size": "requests", "concurrency": "users"}  # contract names to ours


def _listed(value: Any) -> Any:
    """Read `a,b` as a list; null is left out."""
    return [p.strip() for p in value.split(",") if p.strip()] if isinstance(value, str) else value


class TargetBody(BaseModel):
    """Another server than the current target, by address."""

    model_config = ConfigDict(extra="forbid")

    api_base: Annotated[str, Field(max_length=500)]
    auth_url: Annotated[str, Field(max_length=500)] = ""
    anon_key: Annotated[str, Field(max_length=5_000)] = ""
    service_key: Annotated[str, Field(max_length=5_000)] = ""


class StageBody(BaseModel):
    """A piece of the run: its level is reached evenly by its end."""

    model_config = ConfigDict(extra="forbid")

    seconds: float
    users: int | None = None
    rate: float | None = None


class ThresholdBody(BaseModel):
    """What must hold over the whole run; the metrics are those of services.loadtest.thresholds."""

    model_config = ConfigDict(extra="forbid")

    metric: Annotated[str, Field(max_length=40)]
    limit: float


class LoadBody(BaseModel):
    """What a load test shall do; the ranges are those of services.loadtest.reading."""

    model_config = ConfigDict(extra="forbid")

    users: int | None = None
    concurrency: int | None = None  # the contract's word for users
    requests: int | None = None
    batch_size: int | None = None  # the contract's word for requests
    seconds: float | None = None
    rate: float | None = None
    ramp_s: float | None = None
    cap: int | None = None
    model: Annotated[str, Field(max_length=300)] | None = None
    models: Annotated[list[str] | None, BeforeValidator(_listed)] = None
    message: Annotated[str, Field(max_length=5_000)] | None = None
    user_type: Literal["anonymous", "permanent"] | None = None
    result_mode: Literal["raw_passthrough", "xml_plaintext", "auto"] | None = None
    sign_ins: int | None = None
    timeout_s: float | None = None
    stop_on_error: bool = False
    stop_errors: int | None = None
    stop_error_share: float | None = None
    stop_p95_ttft_ms: float | None = None
    stages: Annotated[list[StageBody] | None, Field(max_length=50)] = None
    good_ttft_ms: float | None = None
    good_total_ms: float | None = None
    thresholds: Annotated[list[ThresholdBody] | None, Field(max_length=20)] = None
    worker: bool | None = None
    locust_workers: int | None = None
    locust_remote: int | None = None
    locust_bind: Annotated[str, Field(max_length=100)] | None = None
    locust_port: int | None = None
    target_id: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = None
    target: TargetBody | None = None
    confirm: Annotated[str, Field(max_length=200)] | None = None
    trigger: Literal["api", "command", "manual"] = "api"


def router(console: "Console") -> APIRouter:
    """Return the routes of load tests, all for admins."""
    api = APIRouter(
        prefix="/api/v1/llm/tests", tags=["load tests"], route_class=WireRoute, responses=REFUSALS
    )
    _add_acts(api, console)
    _add_finder(api, console)
    _add_timeline(api, console)
    _add_reads(api, console)
    _add_results(api, console)
    return api


def _add_acts(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/load", status_code=202)
    async def start(body: LoadBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Start a load test; it runs on after the answer."""
        execution = await console.loadtest.start(
            await _plan(console, body),
            trigger=Trigger(body.trigger),
            started_by=caller.email or caller.user_id,
        )
        ids = {"run_id": execution.execution_id, "execution_id": execution.execution_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)

    @api.post("/runs/{run_id}/cancel", status_code=202)
    async def cancel(run_id: RunId, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Ask a load test or a single conversation to end; calls in flight are cut."""
        try:
            await console.loadtest.run(run_id)
        except NotFoundError:
            # By its execution: the turn itself is written with the first it hears.
            if (await console.executions.get(run_id)).execution_type != DIALOG:
                raise
        await console.executions.cancel(run_id, by=caller.email or caller.user_id)
        ids = {"run_id": run_id, "execution_id": run_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)


def _add_finder(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/load/forecast")
    async def forecast(body: LoadBody, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say what a load test would cost and which limits it would meet; nothing is sent."""
        found = await console.loadtest.forecast(await _plan(console, body))
        return envelope(request_id_of(request.scope), forecast_row(found))

    @api.post("/load/find", status_code=202)
    async def find(body: LoadBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Search the most users with which everything holds; each step is a load test of its own."""
        execution = await console.loadtest.finder.start(
            await _plan(console, body),
            trigger=Trigger(body.trigger),
            started_by=caller.email or caller.user_id,
        )
        ids = {"execution_id": execution.execution_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)

    @api.get("/load/find/{run_id}")
    async def finding(run_id: RunId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return what a search knows so far, with its steps."""
        found = await console.loadtest.finder.finding(run_id)
        return envelope(request_id_of(request.scope), finding_row(found))


def _add_timeline(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/runs/{run_id}/timeline")
    async def timeline(run_id: RunId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one load test second by second, at most 600 spans."""
        found = console.loadtest.live(run_id) or await console.loadtest.run(run_id)
        return envelope(request_id_of(request.scope), [asdict(one) for one in found.timeline])


def _add_reads(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/runs")
    async def runs(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        offset: Annotated[int, Query(ge=0, le=_OFFSET_MAX)] = 0,
        _: Caller = admin,
    ) -> Response:
        """List load tests, newest first."""
        total, found = await console.loadtest.runs(limit=limit, offset=offset)
        page = {"total": total, "limit": limit, "offset": offset}
        return envelope(request_id_of(request.scope), [run_row(run) for run in found], **page)

    @api.get("/runs/{run_id}")
    async def run(run_id: RunId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one load test with its figures so far."""
        try:
            found = console.loadtest.live(run_id) or await console.loadtest.run(run_id)
        except NotFoundError:  # a single conversation is a run of one call
            row = run_of_dialog(await console.dialogs.get(run_id))
            return envelope(request_id_of(request.scope), row)
        return envelope(request_id_of(request.scope), run_row(found))


def _add_results(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/runs/{run_id}/results")
    async def results(  # pyright: ignore[reportUnusedFunction]  # one parameter of the query each
        run_id: RunId,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        offset: Annotated[int, Query(ge=0, le=_OFFSET_MAX)] = 0,
        model: Annotated[str, Query(max_length=300)] = "",
        sample_class: Annotated[SampleClass | None, Query(alias="class")] = None,
        _: Caller = admin,
    ) -> Response:
        """Return one page of the calls of a load test, in order of their start."""
        try:
            page = await console.loadtest.samples(
                run_id, limit=limit, offset=offset, model=model, sample_class=sample_class
            )
        except NotFoundError:  # a single conversation is a run of one call
            row = console.dialogs.record(await console.dialogs.get(run_id), whole=False)
            return envelope(request_id_of(request.scope), [row][offset:], total=1)
        rows = [sample_row(stored) for stored in page.rows]
        return envelope(
            request_id_of(request.scope), rows, total=page.total, limit=limit, offset=offset
        )

    @api.get("/runs/{run_id}/export")
    async def export(  # pyright: ignore[reportUnusedFunction]
        run_id: RunId,
        kind: Annotated[Literal["csv", "json"], Query(alias="format")] = "csv",
        _: Caller = admin,
    ) -> Response:
        """Return all calls of a load test as a file; no cell of the CSV can become a formula."""
        file = await console.loadtest.export(run_id, kind)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, headers=headers, media_type=file.media_type)


async def _plan(console: "Console", body: LoadBody) -> dict[str, Any]:
    left_out = {"trigger", "target", "model", "stop_on_error", *_RENAMED}
    plan = body.model_dump(exclude=left_out, exclude_none=True)
    for name, ours in _RENAMED.items():
        if getattr(body, name) is not None:
            plan.setdefault(ours, getattr(body, name))
    plan.setdefault("users", plan.get("requests"))
    if body.model is not None:
        plan.setdefault("models", [body.model])
    if body.stop_on_error:
        plan.setdefault("stop_errors", 1)
    if body.target is not None:
        edit = TargetEdit(id=None, name="", **body.target.model_dump())
        plan["target_id"] = (await console.e2e.target_for(edit)).id
    return plan
