"""/metrics: the present numbers for Prometheus; names and labels are those of docs/metrics.md."""

import platform
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gymbro_ui.api.callers import admin_of
from gymbro_ui.api.wire_route import WireRoute
from gymbro_ui.command_line import VERSION
from gymbro_ui.metric_values import FAMILIES, Values
from gymbro_ui.visitors import connection_of, secret_of

if TYPE_CHECKING:
    from services.console import Console

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def router(console: "Console") -> APIRouter:
    """Return the route at its usual place and at the contract's."""
    api = APIRouter(tags=["health"], route_class=WireRoute)
    text = _writer(console)

    @api.get("/metrics", include_in_schema=False)
    @api.get("/api/v1/metrics")
    async def metrics(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the present numbers as Prometheus text."""
        if not _is_open(console, request):
            await admin_of(console, request)
        return Response(text(), media_type=_TEXT)

    return api


def _is_open(console: "Console", request: Request) -> bool:
    """Whether no token is needed: a person who may see the pages, or a program on this machine.

    A script of another site would come with its Origin, and could read the answer.
    """
    headers = dict(request.scope["headers"])
    if b"origin" in headers:
        return False
    approach = console.access.approach_of(connection_of(request.scope, headers))
    secret = secret_of(headers, is_secure=approach.is_secure)
    return console.access.visitor_of(approach, secret) is not None


def _writer(console: "Console") -> Callable[[], bytes]:
    """Return what writes the text; the library is loaded when it is first asked for."""

    @cache
    def registry() -> tuple[Any, Any]:
        from prometheus_client import (  # noqa: PLC0415  # the one door: the first page needs none
            CollectorRegistry,
            GCCollector,
            PlatformCollector,
            ProcessCollector,
            generate_latest,
        )

        made = CollectorRegistry()
        made.register(_Numbers(console))  # pyright: ignore[reportArgumentType]  # what collect() has
        ProcessCollector(registry=made)
        PlatformCollector(registry=made)
        GCCollector(registry=made)
        return generate_latest, made

    def write() -> bytes:
        generate, made = registry()
        return bytes(generate(made))

    return write


class _Numbers:
    """Reads the present numbers when they are asked for; nothing is counted twice."""

    def __init__(self, console: "Console") -> None:
        self._values = Values(console)

    def collect(self) -> Iterator[Any]:
        """Yield every family, also those without a value now."""
        from prometheus_client.core import (  # noqa: PLC0415  # as above
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        kinds: dict[str, Any] = {
            "gauge": GaugeMetricFamily,
            "counter": CounterMetricFamily,
            "histogram": HistogramMetricFamily,
        }
        info = GaugeMetricFamily(
            "gymbro_build_info", "Version of console and Python", labels=("version", "python")
        )
        info.add_metric((VERSION, platform.python_version()), 1)
        yield info
        for one in FAMILIES:
            family = kinds[one.kind](one.name, one.text, labels=one.labels)
            for labels, value in one.read(self._values):
                if one.kind == "histogram":
                    family.add_metric(labels, value[0], sum_value=value[1])
                else:
                    family.add_metric(labels, value)
            yield family
