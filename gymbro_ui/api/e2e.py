"""/api/v1/stats/e2e-*: records of end-to-end runs, and starting and cancelling a launch."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller, any_caller
from gymbro_ui.api.e2e_rows import latest_body, launch_row, run_row
from gymbro_ui.api.wire_errors import WireError, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller, UserType
from services.e2e.types import LaunchRequest
from services.foundation.errors import ConflictError, InputError
from services.targets.types import TargetEdit

if TYPE_CHECKING:
    from services.console import Console

_DAYS = {"24h": 1, "7d": 7, "30d": 30}
LaunchId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Address = Annotated[str, Field(max_length=500)]
Key = Annotated[str, Field(max_length=5_000)]


def _listed(value: Any) -> Any:
    """Read `a,b` as a list; an empty text or null is an empty list."""
    if value is None:
        return []
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


class TargetBody(BaseModel):
    """Another server than the current target, by address."""

    api_base: Address
    auth_url: Address = ""
    anon_key: Key = ""
    service_key: Key = ""


class StartBody(BaseModel):
    """What a launch shall ask; nothing means everything."""

    model_config = ConfigDict(protected_namespaces=())

    models: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]],
        Field(max_length=1_000),
        BeforeValidator(_listed),
    ] = []
    user_types: Annotated[
        list[Literal["anonymous", "permanent"]], Field(max_length=2), BeforeValidator(_listed)
    ] = []
    trigger: Literal["api", "manual", "command"] = "api"
    target_id: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = None
    target: TargetBody | None = None


def router(console: "Console") -> APIRouter:
    """Return the routes of end-to-end runs."""
    api = APIRouter(prefix="/api/v1/stats", tags=["e2e"], route_class=WireRoute, responses=REFUSALS)
    api.include_router(_records(console))
    api.include_router(_launches(console))
    return api


def _records(console: "Console") -> APIRouter:
    api = APIRouter(route_class=WireRoute)
    reader = Depends(any_caller(console))

    @api.get("/e2e-mapped-models")
    async def latest(request: Request, _: Caller = reader) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the newest ended run of each user type."""
        return envelope(request_id_of(request.scope), await latest_e2e(console))

    @api.get("/e2e-mapped-model-runs")
    async def runs(  # pyright: ignore[reportUnusedFunction]  # one parameter of the query each
        request: Request,
        _: Annotated[Caller, reader],
        user_type: Annotated[Literal["anonymous", "permanent", "all"], Query()] = "permanent",
        time_window: Annotated[Literal["24h", "7d", "30d"], Query()] = "24h",
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
        model: Annotated[str, Query(max_length=300)] = "",
    ) -> Response:
        """Return one page of runs, newest first."""
        total, found = await console.e2e.runs(
            target_id=console.targets.current.id,
            user_type=None if user_type == "all" else UserType(user_type),
            since=console.clock.now() - timedelta(days=_DAYS[time_window]),
            model=model,
            limit=limit,
            offset=offset,
        )
        next_at = console.schedules.view().next_at
        data = {
            "user_type": user_type,
            "time_window": time_window,
            "limit": limit,
            "offset": offset,
            "total": total,
            "runs": [run_row(run, next_at, in_list=True) for run in found],
        }
        return envelope(request_id_of(request.scope), data)

    @api.get("/e2e-launches/{launch_id}")
    async def one_launch(launch_id: LaunchId, request: Request, _: Caller = reader) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return a launch with its runs and their results so far."""
        launch, found = await console.e2e.launch(launch_id)
        data = launch_row(launch, found, console.schedules.view().next_at)
        return envelope(request_id_of(request.scope), data)

    return api


def _launches(console: "Console") -> APIRouter:
    api = APIRouter(route_class=WireRoute)
    admin = Depends(admin_caller(console))

    @api.post("/e2e-mapped-model-runs", status_code=202)
    async def start(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        caller: Annotated[Caller, admin],
        body: Annotated[StartBody | None, Body()] = None,
    ) -> Response:
        """Start one launch; it runs on after the answer."""
        wanted = await _wanted(console, body or StartBody(), caller)
        try:
            launch = await console.e2e.start(wanted)
        except ConflictError as error:
            raise _already_running(console, error) from error
        except InputError as error:
            raise _refused(error) from error
        ids = {"launch_id": launch.launch_id, "execution_id": launch.execution_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)

    @api.post("/e2e-mapped-model-runs/{launch_id}/cancel", status_code=202)
    async def cancel(launch_id: LaunchId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Ask a running launch to stop."""
        launch, _runs = await console.e2e.launch(launch_id)
        running = console.e2e.running
        if running is None or running.launch_id != launch_id:
            raise WireError(409, "not_running", extra={"status_now": str(launch.status)})
        await console.e2e.cancel()
        ids = {"launch_id": launch.launch_id, "execution_id": launch.execution_id}
        return envelope(request_id_of(request.scope), ids, code=202, **ids)

    return api


async def latest_e2e(console: "Console") -> dict[str, Any]:
    """Return the data of /stats/e2e-mapped-models."""
    runs = await console.e2e.latest_runs(console.targets.current.id)
    return latest_body(runs, console.schedules.view().next_at)


async def _wanted(console: "Console", body: StartBody, caller: Caller) -> LaunchRequest:
    target_id = body.target_id
    if body.target is not None:
        edit = TargetEdit(
            id=None,
            name="",
            api_base=body.target.api_base,
            auth_url=body.target.auth_url,
            anon_key=body.target.anon_key,
            service_key=body.target.service_key,
        )
        target_id = (await console.e2e.target_for(edit)).id
    kinds = body.user_types or console.settings.preferences.e2e_user_types
    return LaunchRequest(
        trigger=body.trigger,
        models=tuple(dict.fromkeys(body.models)),
        user_types=tuple(kind for kind in UserType if str(kind) in kinds),
        started_by=caller.email or caller.user_id,
        target_id=target_id,
    )


def _refused(error: InputError) -> RequestValidationError:
    msg = f"Value error, {error}"
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body", error.field), "msg": msg, "input": None}]
    )


def _already_running(console: "Console", error: ConflictError) -> WireError:
    running = console.e2e.running
    extra = {
        "launch_id": running.launch_id if running else "",
        "execution_id": error.existing_id,
    }
    return WireError(409, "already_running", str(error), extra=extra)
