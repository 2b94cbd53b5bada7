"""Palette: Ctrl+K goes anywhere and does anything; ? lists the keys; g and a letter open a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.primitives.button import ICON_PREFIX
from components.words import tr


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette: a page (with a path) or an action (with a name only)."""

    name: str  # unique
    group: str
    label: str
    icon: str
    path: str = ""
    key: str = ""  # the letter after g
    hint: str = ""
    also: str = ""  # further words it is found by


class Palette(ui.element, component="palette.js"):
    """Everything happens in the browser but the chosen action itself."""

    def __init__(self, entries: Sequence[Entry], on_choose: Callable[[str], Any]) -> None:
        """Offer the entries; `on_choose` gets the name of an action."""
        super().__init__()
        self._on_choose = on_choose
        self._props["words"] = {
            "search": tr("Go to a page or run an action"),
            "none": tr("Nothing is called that"),
            "run": tr("Executions"),
            "run_of": tr("Run {id}"),
            "keys": tr("Keyboard shortcuts"),
            "close": tr("Close (Esc)"),
        }
        self._props["keys"] = _key_list(entries)
        self.offer(entries)
        self.on("choose", self._chosen)

    def offer(self, entries: Sequence[Entry]) -> None:
        """Replace the entries."""
        self._names = frozenset(entry.name for entry in entries)
        self._props["entries"] = [
            {
                "name": entry.name,
                "group": entry.group,
                "label": entry.label,
                "icon": ICON_PREFIX + entry.icon,
                "path": entry.path,
                "key": entry.key,
                "hint": entry.hint,
                "also": entry.also.lower(),
            }
            for entry in entries
        ]
        self.update()

    def open(self) -> None:
        """Show it."""
        self.run_method("show")

    async def _chosen(self, event: GenericEventArguments) -> None:
        if event.args in self._names:
            result = self._on_choose(str(event.args))
            if hasattr(result, "__await__"):
                await result


def _key_list(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [
        {"label": tr("Search pages and actions"), "keys": ["Ctrl", "K"]},
        {"label": tr("This list"), "keys": ["?"]},
        *({"label": entry.label, "keys": ["g", entry.key]} for entry in entries if entry.key),
        {"label": tr("Next or previous row"), "keys": ["j", "k"]},
        {"label": tr("Open the focused row or cell"), "keys": ["Enter"]},
        {"label": tr("Walk in the matrix"), "keys": ["↑", "↓", "←", "→"]},
        {"label": tr("Run the focused row again"), "keys": ["r"]},
        {"label": tr("Cancel the focused run"), "keys": ["c"]},
        {"label": tr("Choose the focused run"), "keys": ["x"]},
        {"label": tr("Close a drawer or dialog"), "keys": ["Esc"]},
    ]
