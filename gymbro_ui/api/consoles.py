"""/api/v1/consoles: the consoles on the same store, and which of them leads."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller

if TYPE_CHECKING:
    from services.console import Console


def router(console: "Console") -> APIRouter:
    """Return the route."""
    api = APIRouter(prefix="/api/v1", tags=["consoles"], route_class=WireRoute, responses=REFUSALS)
    admin = Depends(admin_caller(console))

    @api.get("/consoles")
    async def show(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return this console's role and every console on its PostgreSQL; none with SQLite."""
        view = console.cluster.view
        data: dict[str, Any] = {
            "role": str(view.role),
            "since": moment(view.since),
            "is_connected": view.is_connected,
            "reason": view.reason,
            "consoles": [
                {
                    "address": one.address,
                    "leads": one.leads,
                    "is_this": one.is_this,
                    "since": moment(one.since),
                }
                for one in await console.cluster.consoles()
            ],
        }
        return envelope(request_id_of(request.scope), data)

    return api
