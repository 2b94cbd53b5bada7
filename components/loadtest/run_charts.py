"""Run charts: six drawings of one run over its seconds, made anew only when points came."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from components.charts.line import LineChart
from components.loadtest import charts
from components.primitives.card import heading
from components.words import tr, word
from services.loadtest.types import Point

_Options = Callable[[Sequence[Point]], dict[str, Any]]
CHARTS: tuple[tuple[str, _Options], ...] = (
    (word("In flight and waiting"), charts.flow_options),
    (word("Calls a second"), charts.rate_options),
    (word("First text"), charts.ttft_options),
    (word("Whole answer"), charts.total_options),
    (word("Errors by kind, a second"), charts.error_options),
    (word("Gap between events, own lateness"), charts.own_options),
)


class RunCharts(ui.element):
    """The drawings, or a word while there is nothing to draw."""

    def __init__(self) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self._points: Sequence[Point] = ()
        self._charts: list[LineChart] = []
        self._nones: list[ui.label] = []
        with self:
            self._none = ui.label(tr("The first second is not over yet.")).classes(
                "c-muted t-table"
            )
            self._grid = ui.element("div").classes("lt-charts")
        self._grid.set_visibility(False)

    def show(self, points: Sequence[Point]) -> None:
        """Draw these points; nothing is sent when none came since."""
        if points == self._points or not points:
            return
        self._points = points
        if not self._charts:
            self._draw()
        for chart, none, (_name, options) in zip(self._charts, self._nones, CHARTS, strict=True):
            made = options(points)
            has_lines = bool(made["series"])
            chart.set_visibility(has_lines)
            none.set_visibility(not has_lines)
            if has_lines:
                chart.show(made)

    def _draw(self) -> None:
        self._none.set_visibility(False)
        self._grid.set_visibility(True)
        with self._grid:
            for name, options in CHARTS:
                with ui.element("div"):
                    heading(tr(name), 3)
                    self._charts.append(LineChart(options(()), name=tr(name), height="180px"))
                    none = ui.label(tr("No errors until now")).classes("c-muted t-table lt-empty")
                    self._nones.append(none)
