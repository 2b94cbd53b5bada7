"""/api/v1/stats/*: the figures of the dashboard, and the configuration behind the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller, any_caller
from gymbro_ui.api.e2e import latest_e2e
from gymbro_ui.api.e2e_rows import moment
from gymbro_ui.api.wire_errors import answer, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.foundation.errors import InputError
from services.stats.types import APP_ONLY, Origin, chosen

if TYPE_CHECKING:
    from services.console import Console

Window = Annotated[Literal["1h", "24h", "7d", "30d"], Query()]
ModelWindow = Annotated[Literal["24h", "7d"], Query()]
Include = Annotated[
    str, Query(max_length=60, description="traffic counted besides: console, e2e, test or all")
]


def router(console: "Console") -> APIRouter:
    """Return the routes of figures and configuration."""
    api = APIRouter(
        prefix="/api/v1/stats", tags=["stats"], route_class=WireRoute, responses=REFUSALS
    )
    api.include_router(_usage(console))
    api.include_router(_availability(console))
    api.include_router(_configuration(console))
    return api


def _usage(console: "Console") -> APIRouter:
    api = APIRouter(route_class=WireRoute)
    reader = Depends(any_caller(console))

    @api.get("/dashboard")
    async def dashboard(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        _: Annotated[Caller, reader],
        time_window: Window = "24h",
        include: Include = "",
    ) -> Response:
        """Return every figure of the dashboard at once."""
        data = await dashboard_data(console, time_window, origins_of(include))
        return envelope(request_id_of(request.scope), data)

    @api.get("/daily-active-users")
    async def daily_active_users(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        _: Annotated[Caller, reader],
        time_window: Window = "24h",
        include: Include = "",
    ) -> Response:
        """Return how many app users asked something; console and test users apart."""
        body = await console.stats.daily_active_users(time_window, origins_of(include))
        return answer(request_id_of(request.scope), body)

    @api.get("/ai-requests")
    async def ai_requests(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        _: Annotated[Caller, reader],
        time_window: Window = "24h",
        include: Include = "",
    ) -> Response:
        """Return how many calls went to suppliers, and how."""
        body = await console.stats.ai_requests(time_window, origins_of(include))
        return answer(request_id_of(request.scope), body)

    return api


def _availability(console: "Console") -> APIRouter:
    api = APIRouter(route_class=WireRoute)
    reader = Depends(any_caller(console))

    @api.get("/api-connectivity")
    async def api_connectivity(request: Request, _: Caller = reader) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return how many active endpoints are online."""
        return answer(request_id_of(request.scope), _connectivity(console))

    @api.get("/jwt-availability")
    async def jwt_availability(request: Request, _: Caller = reader) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return whether tokens can be verified and had."""
        body = await console.stats.jwt_availability(console.e2e.obtaining.body())
        return answer(request_id_of(request.scope), body)

    @api.get("/mapped-models")
    async def mapped_models(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        _: Annotated[Caller, reader],
        time_window: ModelWindow = "24h",
        include_inactive: bool = False,  # noqa: FBT001, FBT002  # a query parameter
        include: Include = "",
    ) -> Response:
        """Return each mapped key with its availability and what was asked of it."""
        mapped = console.mapping.mapped(include_inactive)
        body = await console.stats.mapped_models(time_window, mapped, origins_of(include))
        return answer(request_id_of(request.scope), body)

    return api


def _configuration(console: "Console") -> APIRouter:
    api = APIRouter(route_class=WireRoute)

    @api.get("/config")
    async def read(  # pyright: ignore[reportUnusedFunction]
        request: Request, _: Annotated[Caller, Depends(any_caller(console))]
    ) -> Response:
        """Return what an operator may change."""
        return envelope(request_id_of(request.scope), _shown(console))

    @api.put("/config")
    async def write(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        patch: Annotated[dict[str, Any], Body()],
        _: Annotated[Caller, Depends(admin_caller(console))],
    ) -> Response:
        """Change the given keys; all others keep their values, unknown ones are ignored."""
        try:
            await console.settings.change(_plain(patch))
        except InputError as error:
            raise _refused(error, patch) from error
        return envelope(request_id_of(request.scope), _shown(console))

    return api


async def dashboard_data(
    console: "Console", window: str, origins: Sequence[Origin] = APP_ONLY
) -> dict[str, Any]:
    """Return the data of /stats/dashboard, for the route and the socket; raise InputError."""
    return await console.stats.dashboard(
        window,
        connectivity=_connectivity(console),
        mapped=console.mapping.mapped(),
        e2e=await latest_e2e(console),
        obtainability=console.e2e.obtaining.body(),
        origins=origins,
    )


def origins_of(include: str) -> tuple[Origin, ...]:
    """Return whose traffic is asked for; raise RequestValidationError."""
    try:
        return chosen(include.split(","))
    except InputError as error:
        raise _refused(error, {"include": include}, place="query") from error


def _connectivity(console: "Console") -> dict[str, Any]:
    is_running = console.monitor.view().is_running
    return console.stats.api_connectivity(console.models.endpoints, is_running=is_running)


def _plain(patch: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the patch, also when a client sends back what it read: {config: {...}}."""
    inner = patch.get("config")
    return inner if isinstance(inner, dict) and len(patch) == 1 else patch  # pyright: ignore[reportUnknownVariableType]


def _shown(console: "Console") -> dict[str, Any]:
    config = asdict(console.settings.preferences)
    config["e2e_user_types"] = list(console.settings.preferences.e2e_user_types)
    return {
        "config": config,
        "updated_at": moment(console.settings.updated_at),
        "problems": list(console.settings.problems),
    }


def _refused(
    error: InputError, patch: Mapping[str, Any], *, place: str = "body"
) -> RequestValidationError:
    detail = {
        "type": "value_error",
        "loc": (place, error.field),
        "msg": f"Value error, {error}",
        "input": patch.get(error.field),
    }
    return RequestValidationError([detail])
