"""Summary: how many models show which present state, as glyphs with words."""

from collections.abc import Mapping

from nicegui import ui

from components.primitives.status_dot import StatusDot
from components.status.looks import cell_look
from components.words import trn
from services.e2e.types import CellStatus


class Summary(ui.element):
    """One line of counts, worst first."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__("div")
        self.classes("gb-row gap-12 gx-summary").props("aria-live=off")
        self._shown: dict[CellStatus, int] = {}

    def show(self, counts: Mapping[CellStatus, int]) -> None:
        """Show the counts."""
        if dict(counts) == self._shown:
            return
        self._shown = dict(counts)
        self.clear()
        with self:
            for status, count in counts.items():
                look = cell_look(status)
                name = f"{look.label}: {trn('{n} model', '{n} models', count)}"
                with ui.element("span").classes("gb-row gap-4").props("role=img") as one:
                    StatusDot(look.tone, look.shape, look.weight, "")
                    ui.label(str(count)).classes("t-strong")
                one.props["aria-label"] = name
                one.props["title"] = name
