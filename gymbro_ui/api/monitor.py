"""/api/v1/llm/monitor: the periodic look at every endpoint."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from pydantic import Field
from starlette.responses import Response

from gymbro_ui.api.access import admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.models.types import MonitorView

if TYPE_CHECKING:
    from services.console import Console

Seconds = Annotated[int, Field(ge=10, le=600), Body(embed=True)]


def monitor_router(console: "Console") -> APIRouter:
    """Return the routes of the monitor (contract 1.5)."""
    api = APIRouter(prefix="/monitor", route_class=WireRoute)
    admin = Depends(admin_caller(console))

    @api.get("/status")
    async def status(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return whether endpoints are looked at by themselves, and what came of it."""
        return envelope(request_id_of(request.scope), _shown(console.monitor.view()))

    @api.post("/start")
    async def start(request: Request, interval_seconds: Seconds, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Switch the monitor on with this interval."""
        view = await console.monitor.switch(is_on=True, interval_s=interval_seconds)
        return envelope(request_id_of(request.scope), _shown(view))

    @api.post("/stop")
    async def stop(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Switch the monitor off; what runs goes on."""
        view = await console.monitor.switch(is_on=False)
        return envelope(request_id_of(request.scope), _shown(view))

    return api


def _shown(view: MonitorView) -> dict[str, Any]:
    return {
        "is_running": view.is_running,
        "probe_running": view.is_probing,
        "interval_seconds": view.interval_s,
        "last_run_at": moment(view.last_run_at),
        "next_run_at": moment(view.next_run_at),
        "last_error": view.last_error or None,
        "runs": view.runs,
        "failures": view.failures,
        "calls": [
            {"endpoint_id": endpoint_id, **asdict(counts)}
            for endpoint_id, counts in sorted(view.calls.items())
        ],
    }
