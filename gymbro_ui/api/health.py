"""Health routes: alive, ready, and a few numbers for Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

from gymbro_ui.api import wire_errors
from gymbro_ui.api.wire_route import WireRoute

if TYPE_CHECKING:
    from services.console import Console

SERVICE = "gymbro-console"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class _Numbers(Collector):
    """Reads the present numbers when they are asked for."""

    def __init__(self, console: "Console") -> None:
        self._console = console

    def collect(self) -> Iterator[GaugeMetricFamily]:
        gateway = self._console.gateway
        for name, text, value in (
            ("gymbro_messages_running", "Messages generated now", gateway.running),
            ("gymbro_streams_open", "Event streams open now", gateway.guards.open_streams),
            ("gymbro_event_buffer_bytes", "Events that wait to be sent", gateway.board.size),
            ("gymbro_writes_waiting", "Changes that wait for a commit", self._waiting()),
            (
                "gymbro_journal_rows_waiting",
                "Results the database refused that wait to be written back",
                self._console.journal.waiting,
            ),
        ):
            yield GaugeMetricFamily(name, text, value=value)

    def _waiting(self) -> int:
        return self._console.database.waiting_writes


def router(console: "Console") -> APIRouter:
    """Return the public health routes."""
    api = APIRouter(prefix="/api/v1", tags=["health"], route_class=WireRoute)
    registry = CollectorRegistry()
    registry.register(_Numbers(console))

    def answer(request: Request, status: str, code: int = 200) -> Response:
        body: dict[str, Any] = {"status": status, "service": SERVICE}
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

    @api.get("/metrics")
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the present numbers as Prometheus text."""
        return Response(generate_latest(registry), media_type=_TEXT)

    return api
