"""Choice list: entries in groups of which one is shown beside; keys j, k, arrows and Enter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nicegui import ui

from components.theme.apply import add_sheet

add_sheet(Path(__file__).with_name("prompts.css"))


@dataclass(frozen=True, slots=True)
class Badge:
    """A short word beside an entry; without a tone it is plain."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its title, a second line, badges, and the group it stands in."""

    id: int
    title: str
    sub: str
    badges: Sequence[Badge] = field(default=())
    group: str = ""
    group_note: str = ""


class ChoiceList(ui.element, component="choice_list.js"):
    """One chosen of many; changes come as one message."""

    def __init__(
        self,
        name: str,
        on_choose: Callable[[int], Any],
        *,
        none: str = "",
        is_timeline: bool = False,
    ) -> None:
        """Start empty; `name` is what a screen reader says, `none` stands where nothing is."""
        super().__init__()
        self._known: frozenset[str] = frozenset()
        self._on_choose = on_choose
        self._props.update(
            {"name": name, "items": [], "chosen": "", "none": none, "line": is_timeline}
        )
        self.on("choose", self._chosen)

    def show(self, entries: Sequence[Entry], chosen: int | None) -> None:
        """Replace the entries and mark the chosen one."""
        self._known = frozenset(str(entry.id) for entry in entries)
        rows = [
            {
                "id": str(entry.id),
                "title": entry.title,
                "sub": entry.sub,
                "badges": [{"text": b.text, "tone": b.tone} for b in entry.badges],
                "group": entry.group,
                "groupNote": entry.group_note,
            }
            for entry in entries
        ]
        mark = "" if chosen is None else str(chosen)
        if rows != self._props["items"] or mark != self._props["chosen"]:
            self._props.update({"items": rows, "chosen": mark})
            self.update()

    async def _chosen(self, event: object) -> None:
        value = getattr(event, "args", "")
        if value in self._known:
            result = self._on_choose(int(value))
            if hasattr(result, "__await__"):
                await result
