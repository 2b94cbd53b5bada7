"""Event list: every raw event of a turn with its time and size; its data comes when it is asked for."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.live import can_push
from components.theme.apply import add_sheet
from components.words import tr
from services.dialogs.types import EventLine

add_sheet(Path(__file__).with_name("simulator.css"))


class EventList(ui.element, component="event_list.js"):
    """Fill it with `show`, lengthen it with `add`; thousands of lines stay usable."""

    def __init__(self, find: Callable[[int], EventLine | None]) -> None:
        """Stand empty; `find` returns the event of a number."""
        super().__init__()
        self._find = find
        self._no = 0
        self._props["first"] = None
        self._props["words"] = {
            "name": tr("Raw events"),
            "event": tr("Event"),
            "at": tr("After"),
            "size": tr("Size"),
            "none": tr("No event has arrived"),
            "close": tr("Close"),
        }
        self.on("want", self._wanted)

    def show(self, events: Sequence[EventLine], *, is_live: bool) -> None:
        """Replace the lines."""
        self._no += 1
        self._props["first"] = {"no": self._no, "rows": _rows(events), "live": is_live}
        self.update()

    def add(self, events: Sequence[EventLine]) -> None:
        """Add what just arrived; lines the browser misses are shown anew on its return."""
        if events and can_push(self.client):
            self.run_method("add", _rows(events))

    def _wanted(self, event: GenericEventArguments) -> None:
        number = event.args
        line = self._find(number) if isinstance(number, int) else None
        if line is not None and can_push(self.client):
            self.run_method("put", line.no, data_text(line))


def _rows(events: Sequence[EventLine]) -> list[list[Any]]:
    return [[line.no, line.name, line.at_ms, line.size] for line in events]


def data_text(line: EventLine) -> str:
    """Return the data of an event, indented where it is whole JSON."""
    if not line.data:
        return tr("Its data was not kept: too much had arrived")
    try:
        return json.dumps(json.loads(line.data), ensure_ascii=False, indent=2)
    except ValueError:
        return line.data
