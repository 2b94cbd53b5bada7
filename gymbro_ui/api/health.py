"""Health routes: alive and ready."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gymbro_ui.api import wire_errors
from gymbro_ui.api.wire_route import WireRoute

if TYPE_CHECKING:
    from services.console import Console

SERVICE = "gymbro-console"


def router(console: "Console") -> APIRouter:
    """Return the public health routes."""
    api = APIRouter(prefix="/api/v1", tags=["health"], route_class=WireRoute)

    def answer(request: Request, status: str, code: int = 200) -> Response:
        body: dict[str, Any] = {"status": status, "service": SERVICE}
        if console.cluster.is_shared:  # addresses of the others are told to operators alone
            body["role"] = str(console.cluster.view.role)
        return wire_errors.answer(wire_errors.request_id_of(request.scope), body, code)

    @api.get("/healthz")
    async def healthz(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say that the service is there."""
        return answer(request, "ok")

    @api.get("/livez")
    async def livez(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say that the process is alive."""
        return answer(request, "alive")

    @api.get("/readyz", responses={503: {"description": "the store takes no changes"}})
    async def readyz(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say whether requests can be served."""
        if not console.database.is_writer_alive:
            return answer(request, "not_ready", 503)
        return answer(request, "ready")

    return api
