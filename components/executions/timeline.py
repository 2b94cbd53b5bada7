"""Timeline: the events of one run, oldest first, lengthened as they come."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from components.live import can_push
from components.words import tr

Lines = Sequence[Mapping[str, Any]]


class Timeline(ui.element, component="timeline.js"):
    """Fill it with `show`, lengthen it with `add`."""

    def __init__(self) -> None:
        """Stand empty."""
        super().__init__()
        self._no = 0
        self._props["first"] = None
        self._props["words"] = {
            "name": tr("Timeline"),
            "none": tr("Nothing happened yet"),
            "cut": tr("Earlier events are left out"),
        }

    def show(self, lines: Lines, *, is_cut: bool = False) -> None:
        """Replace all lines."""
        self._no += 1
        self._props["first"] = {"no": self._no, "lines": list(lines), "cut": is_cut}
        self.update()

    def add(self, lines: Lines) -> bool:
        """Add newer lines; return whether the browser was there to hear it."""
        if not lines or not can_push(self.client):
            return not lines
        self.run_method("add", list(lines))
        return True
