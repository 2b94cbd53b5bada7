"""/api/v1/llm/models, /llm/app/models and /llm/app/config."""

import logging
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api import wire_errors
from gymbro_ui.api.access import REFUSALS, RowId, admin_caller, any_caller
from gymbro_ui.api.app_config import config_router
from gymbro_ui.api.catalogue import app_row, endpoint_row, mapped_row, registry_rows
from gymbro_ui.api.monitor import monitor_router
from gymbro_ui.api.wire_errors import WireError, envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.executions.types import Trigger
from services.foundation.errors import ConflictError
from services.models.types import Endpoint, EndpointEdit, is_test_name

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
Text = Annotated[str, Field(max_length=5_000)]
Names = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=2_000)]


class EndpointBody(BaseModel):
    """What a client stores of an endpoint; what is not sent stays as it is."""

    model_config = ConfigDict(protected_namespaces=())

    name: Text | None = None
    base_url: Text | None = None
    provider_protocol: Text | None = None
    model: Text | None = None
    model_list: Names | None = None
    api_key: Text | None = None
    is_active: bool | None = None
    is_default: bool | None = None
    timeout: Annotated[int, Field(ge=1, le=600)] | None = None
    description: Text | None = None
    allow_local_addresses: bool | None = None  # this machine and private networks

    def to_edit(self, endpoint_id: int | None) -> EndpointEdit:
        """Return the edit for the service."""
        models = None if self.model_list is None else tuple(self.model_list)
        return EndpointEdit(
            id=endpoint_id,
            name=self.name,
            base_url=self.base_url,
            provider_protocol=self.provider_protocol,
            model=self.model,
            model_list=models,
            api_key=self.api_key,
            is_active=self.is_active,
            is_default=self.is_default,
            timeout=self.timeout,
            description=self.description,
            allows_local=self.allow_local_addresses,
        )


class EndpointUpdate(EndpointBody):
    """PUT carries the id in its body."""

    id: Annotated[int, Field(ge=1, le=2_147_483_647)]


def router(console: "Console") -> APIRouter:
    """Return the routes of the model catalogue."""
    api = APIRouter(
        prefix="/api/v1/llm", tags=["models"], route_class=WireRoute, responses=REFUSALS
    )
    _add_lists(api, console)
    _add_checks(api, console)
    _add_endpoints(api, console)
    api.include_router(config_router(console))
    api.include_router(monitor_router(console))
    return api


def _add_lists(api: APIRouter, console: "Console") -> None:
    user = Depends(any_caller(console))

    @api.get("/models")
    async def list_models(  # the contract's query  # pyright: ignore[reportUnusedFunction]
        request: Request,
        view: Annotated[str, Query(max_length=20)] = "mapped",
        keyword: Annotated[str, Query(max_length=300)] = "",
        only_active: bool | None = None,  # noqa: FBT001  # a query parameter
        debug: bool = False,  # noqa: FBT001, FBT002  # a query parameter
        caller: Caller = user,
    ) -> Response:
        """List the mapped keys; admins may list the endpoints with view=endpoints."""
        request_id = request_id_of(request.scope)
        if view == "endpoints" and caller.is_admin:
            endpoints = [e for e in console.models.endpoints if e.is_active or not only_active]
            rows = [endpoint_row(e) for e in endpoints if _matches(keyword, e.name, *e.offered)]
        else:
            found = console.mapping.mapped(only_active is False)
            rows = [
                mapped_row(model, is_debug=debug and caller.is_admin)
                for model in found
                if _matches(keyword, model.name, model.default_model, *model.candidates)
            ]
        return envelope(request_id, rows, total=len(rows))

    @api.get("/app/models")
    async def list_app_models(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        include_inactive: bool = False,  # noqa: FBT001, FBT002  # a query parameter
        debug: bool = False,  # noqa: FBT001, FBT002  # a query parameter
        caller: Caller = user,
    ) -> Response:
        """List the keys an app may offer its user."""
        found = console.mapping.mapped(include_inactive)
        rows = [app_row(model, is_debug=debug and caller.is_admin) for model in found]
        recommended = next((model.name for model in found if model.is_active), None)
        return envelope(
            request_id_of(request.scope), rows, total=len(rows), recommended_model=recommended
        )


def _add_checks(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.get("/models/blocked")
    async def read_blocked(  # pyright: ignore[reportUnusedFunction]
        request: Request, _: Annotated[Caller, Depends(any_caller(console))]
    ) -> Response:
        """List the models nobody is routed to."""
        names = sorted(console.models.blocked)
        return envelope(request_id_of(request.scope), names, total=len(names))

    @api.get("/models/registry")
    async def read_registry(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List every model any endpoint names, who offers it, and why nobody gets it."""
        rows = registry_rows(console.models.endpoints, console.mapping.flaw_of)
        return envelope(request_id_of(request.scope), rows, total=len(rows))

    @api.put("/models/blocked")
    async def write_blocked(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        blocked: Annotated[Names, Body(embed=True)],
        caller: Caller = admin,
    ) -> Response:
        """Replace the list of models nobody is routed to."""
        names = list(await console.models.set_blocked(blocked))
        _audit(request, caller, "blocked", len(names))
        return envelope(request_id_of(request.scope), names, total=len(names))

    @api.get("/models/check-all", status_code=202)
    @api.post("/models/check-all", status_code=202)
    async def check_all(request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Begin to look at every active endpoint; the results appear in view=endpoints."""
        total = sum(endpoint.is_active for endpoint in console.models.endpoints)
        try:
            execution_id = (
                await console.executions.start(
                    "probe", {}, trigger=Trigger.API, started_by=caller.user_id
                )
            ).execution_id
        except ConflictError as error:  # it runs already: its results are the ones asked for
            execution_id = error.existing_id
        data = {"total": total, "execution_id": execution_id}
        return envelope(request_id_of(request.scope), data, code=202)

    @api.post("/models/{endpoint_id}/check")
    async def check(endpoint_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Look at one endpoint and return it with what was seen."""
        endpoint = await console.models.check(endpoint_id, console.suppliers)
        return envelope(request_id_of(request.scope), endpoint_row(endpoint))


def _add_endpoints(api: APIRouter, console: "Console") -> None:
    admin = Depends(admin_caller(console))

    @api.post("/models")
    async def create(body: EndpointBody, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Store a new endpoint."""
        _check_name(console, body.name)
        endpoint = await console.models.save(body.to_edit(None))
        _audit(request, caller, "created", endpoint.id)
        return envelope(request_id_of(request.scope), endpoint_row(endpoint))

    @api.put("/models")
    async def update(body: EndpointUpdate, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Change an endpoint; a changed address clears its key."""
        _check_name(console, body.name)
        endpoint = await console.models.save(body.to_edit(body.id))
        _audit(request, caller, "changed", endpoint.id)
        return envelope(request_id_of(request.scope), endpoint_row(endpoint))

    @api.get("/models/{endpoint_id}")
    async def read(endpoint_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return one endpoint."""
        return envelope(request_id_of(request.scope), endpoint_row(_known(console, endpoint_id)))

    @api.delete("/models/{endpoint_id}")
    async def delete(endpoint_id: RowId, request: Request, caller: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Remove an endpoint with its key; another one becomes default."""
        await console.models.delete(endpoint_id)
        _audit(request, caller, "deleted", endpoint_id)
        return envelope(request_id_of(request.scope), {"id": endpoint_id})


def _known(console: "Console", endpoint_id: int) -> Endpoint:
    endpoint = console.models.endpoint(endpoint_id)
    if endpoint is None:
        raise WireError(404, "not_found", "endpoint not found", is_admin_route=True)
    return endpoint


def _check_name(console: "Console", name: str | None) -> None:
    if name and is_test_name(name) and not console.env.allow_test_endpoints:
        word = "test_endpoint_name_not_allowed"
        raise WireError(400, word, word, is_admin_route=True)


def _matches(keyword: str, *texts: str) -> bool:
    wanted = keyword.strip().lower()
    return not wanted or any(wanted in text.lower() for text in texts)


def _audit(request: Request, caller: Caller, what: str, subject: Any) -> None:
    request_id = wire_errors.request_id_of(request.scope)
    _log.info("endpoint %s %s by %s, request %s", subject, what, caller.user_id, request_id)
