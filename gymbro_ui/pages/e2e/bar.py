"""Bar: the filters of the E2E page: user type, time, models, matrix or table, row height."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from components.primitives.button import icon_button
from components.primitives.toolbar import Segment, spacer
from components.words import tr
from gymbro_ui.pages.e2e.filters import Filters


@dataclass(frozen=True, slots=True)
class BarCalls:
    """What the page does when a choice is made."""

    choose: Callable[..., Any]  # takes the changed fields of Filters
    density: Callable[[], Any]


class FilterBar:
    """One row of choices; what is chosen lives in the page's Filters."""

    def __init__(self, chosen: Filters, models: Iterable[str], calls: BarCalls) -> None:
        """Draw the bar in the present slot."""
        with ui.element("div").classes("gx-bar"):
            self._segments(chosen, calls)
            self._models = ui.select(
                sorted(models),
                value=list(chosen.models),
                multiple=True,
                clearable=True,
                with_input=True,
                on_change=lambda event: calls.choose(models=_names(event)),
            ).classes("gx-models")
            self._models.props["aria-label"] = tr("Models")
            self.name_models(chosen)
            self._size = ui.label("").classes("t-meta c-faint t-clip gx-size")
            spacer()
            modes = {"matrix": tr("Matrix"), "table": tr("Table")}
            Segment(modes, chosen.mode, lambda v: calls.choose(mode=v), name=tr("Shown as"))
            icon_button("density_small", tr("Row height"), calls.density)

    def _segments(self, chosen: Filters, calls: BarCalls) -> None:
        views = {"both": tr("Both"), "anonymous": tr("Anonymous"), "permanent": tr("Registered")}
        windows = {
            "24h": tr("24 h"),
            "7d": tr("7 d"),
            "30d": tr("30 d"),
            "last20": tr("Last 20"),
            "last50": "50",
            "last100": "100",
        }
        Segment(views, chosen.view, lambda v: calls.choose(view=v), name=tr("User type"))
        Segment(windows, chosen.window, lambda v: calls.choose(window=v), name=tr("Time"))

    def show(self, models: Iterable[str], size: str) -> None:
        """Offer these models; say how large the result is."""
        self._models.set_options(sorted(models))
        self._size.set_text(size)

    def name_models(self, chosen: Filters) -> None:
        """Say `all` where none is chosen."""
        self._models.props["display-value"] = None if chosen.models else tr("All models")
        self._models.update()

    def clear_models(self) -> None:
        """Choose all models; the choice is told like one by hand."""
        self._models.set_value([])


def _names(event: ValueChangeEventArguments[Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in cast(list[object], event.value or []))
