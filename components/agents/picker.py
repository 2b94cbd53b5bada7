"""Picker: a list of things beside the one that is shown; keys j, k, arrows and Enter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui

from components.theme.apply import add_sheet

add_sheet(Path(__file__).with_name("agents.css"))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: its title, a second line, and the look of its latest state."""

    id: int
    title: str
    sub: str
    look: Mapping[str, Any] | None = None  # props of a status look


class Picker(ui.element, component="picker.js"):
    """One chosen of many; changes come as one message."""

    def __init__(self, name: str, on_choose: Callable[[int], object]) -> None:
        """Start empty; `name` is what a screen reader says."""
        super().__init__()
        self._known: frozenset[str] = frozenset()
        self._on_choose = on_choose
        self._props.update({"name": name, "items": [], "chosen": ""})
        self.on("choose", self._chosen)

    def show(self, items: Sequence[Item], chosen: int | None) -> None:
        """Replace the items and mark the chosen one."""
        self._known = frozenset(str(item.id) for item in items)
        rows = [
            {"id": str(i.id), "title": i.title, "sub": i.sub, "look": i.look and dict(i.look)}
            for i in items
        ]
        mark = "" if chosen is None else str(chosen)
        if rows == self._props["items"] and mark == self._props["chosen"]:
            return
        self._props.update({"items": rows, "chosen": mark})
        self.update()

    def _chosen(self, event: object) -> None:
        value = getattr(event, "args", "")
        if value in self._known:
            self._on_choose(int(value))
