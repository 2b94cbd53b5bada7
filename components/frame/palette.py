"""Palette: Ctrl+K goes anywhere and does anything; ? lists the keys; g and a letter open a page."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.frame.key_list import KeyGroup
from components.frame.ranking import TEXT_MOST, Entry
from components.primitives.button import ICON_PREFIX
from components.words import tr


@dataclass(frozen=True, slots=True)
class PaletteCalls:
    """What the palette asks the page for."""

    start: Callable[[], Awaitable[Sequence[Entry]]]  # what stands there before anything is typed
    find: Callable[[str], Sequence[Entry]]  # at once, from memory
    find_runs: Callable[[str], Awaitable[Sequence[Entry]]]  # from the store
    choose: Callable[[str], Any]  # the name of an act
    used: Callable[[str], None]  # the name of whatever was chosen
    closed: Callable[[], None]


class Palette(ui.element, component="palette.js"):
    """The box, its list and the key list; what is found and done comes from the page."""

    def __init__(
        self, pages: Sequence[Entry], key_groups: Sequence[KeyGroup], calls: PaletteCalls
    ) -> None:
        """`pages` stand there until the first answer, and have the letters after g."""
        super().__init__()
        self._calls = calls
        self._names = frozenset[str]()
        self._props["words"] = {
            "search": tr("Go to a page, a model or a run, or run an action"),
            "none": tr("Nothing is called that"),
            "found": tr("{n} found"),
            "keys": tr("Keyboard shortcuts"),
            "close": tr("Close (Esc)"),
            "list": tr("What was found"),
        }
        self._props["keys"] = [
            {"title": group.title, "rows": [{"label": k.label, "keys": k.keys} for k in group.keys]}
            for group in key_groups
        ]
        self._props["pages"] = [_row(entry) for entry in pages]
        self.on("ask", self._asked)
        self.on("choose", self._chosen)
        self.on("used", self._used)
        self.on("closed", lambda _: calls.closed())

    def open(self) -> None:
        """Show it."""
        self.run_method("show")

    async def _asked(self, event: GenericEventArguments) -> None:
        number, text = event.args["no"], str(event.args["text"])[:TEXT_MOST].strip()
        if not text:
            self._tell(number, await self._calls.start(), more=False)
            return
        found = self._calls.find(text)
        self._tell(number, found, more=True)
        known = {entry.name for entry in found}
        runs = [run for run in await self._calls.find_runs(text) if run.name not in known]
        self._tell(number, [*found, *runs], more=False)

    def _tell(self, number: int, entries: Sequence[Entry], *, more: bool) -> None:
        if self.is_deleted:
            return
        self._names = frozenset(entry.name for entry in entries)
        self.run_method("found", number, [_row(entry) for entry in entries], more)

    async def _chosen(self, event: GenericEventArguments) -> None:
        if event.args in self._names:
            result = self._calls.choose(str(event.args))
            if hasattr(result, "__await__"):
                await result

    def _used(self, event: GenericEventArguments) -> None:
        if event.args in self._names:
            self._calls.used(str(event.args))


def _row(entry: Entry) -> dict[str, str]:
    return {
        "name": entry.name,
        "group": entry.group,
        "label": entry.label,
        "icon": ICON_PREFIX + entry.icon,
        "path": entry.path,
        "key": entry.key,
        "hint": entry.hint,
    }
