"""Line: a chart that follows the theme by itself and takes new options in place."""

from typing import Any

from nicegui import ui


class LineChart(ui.element):
    """An ECharts drawing as SVG, so that its colours are the page's custom properties."""

    def __init__(self, options: dict[str, Any], *, name: str, height: str = "220px") -> None:
        """Draw the options; `name` is what a screen reader says."""
        super().__init__("figure")
        self.classes("gb-chart").style(f"height:{height};width:100%").props("role=img")
        self.props["aria-label"] = name
        with self:
            self._chart = ui.echart(options, renderer="svg").style("height:100%;width:100%")

    def show(self, options: dict[str, Any]) -> None:
        """Replace everything that is drawn; use it at most twice a second."""
        self._chart.options.clear()
        self._chart.options.update(options)
        self._chart.update()
