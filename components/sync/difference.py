"""Difference drawer: both sides of one row, what they last agreed on, and the choice."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.drawer import Drawer
from components.primitives.status_dot import StatusDot
from components.primitives.toolbar import Segment
from components.sync.words import ACTION_LOOKS, KIND_WORDS, choice_look, field_word, value_text
from components.words import sentence, tr, trn
from services.sync.types import Choice, FieldChange, SyncItem

Chosen = Callable[[SyncItem, Choice], Any]


class DifferenceDrawer:
    """The drawer beside the table; it shows one difference."""

    def __init__(self, choose: Chosen) -> None:
        """Stand closed; `choose` hears what was chosen for the difference that is shown."""
        self._choose = choose
        self.item_id = ""
        self._drawer = Drawer(tr("Difference"), self._closed)
        self._drawer.classes("sy-drawer")
        with self._drawer.head:
            self._title = ui.label("").classes("t-section t-clip")

    @property
    def is_open(self) -> bool:
        """Whether it shows one."""
        return self._drawer.is_open

    def show(self, item: SyncItem, choice: Choice) -> None:
        """Show the difference with what is chosen now."""
        self.item_id = item.id
        self._title.set_text(item.title)
        self._drawer.body.clear()
        with self._drawer.body:
            self._head(item, choice)
            for change in item.fields:
                _field(item, change)
        if not self._drawer.is_open:
            self._drawer.open()

    def close(self) -> None:
        """Hide it."""
        self._drawer.close()

    def _closed(self) -> None:
        self.item_id = ""

    def _head(self, item: SyncItem, choice: Choice) -> None:
        look = ACTION_LOOKS[item.action]
        with ui.element("div").classes("gb-row gb-wrap"):
            StatusDot(look.tone, look.shape, look.weight, look.label)
            ui.label(tr(KIND_WORDS[item.kind])).classes("gb-badge gb-badge--line")
        if item.note is not None:
            ui.label(sentence(item.note)).classes("t-wrap")
        if item.breaks:
            n = len(item.breaks)
            text = trn(
                "{n} mapping would lose a model: {names}",
                "{n} mappings would lose a model: {names}",
                n,
                names=", ".join(item.breaks[:20]),
            )
            banner(text, tone="structure")
        if len(item.choices) > 1:
            choices = {str(one): choice_look(item, one).label for one in item.choices}
            Segment(
                choices,
                str(choice),
                lambda value: self._choose(item, Choice(value)),
                name=tr("Then"),
            )


def _field(item: SyncItem, change: FieldChange) -> None:
    """A side that has no row says nothing of its fields."""
    base = None if item.base is None else item.base.get(change.name)
    with ui.element("div").classes("sy-field"):
        ui.label(field_word(change.name)).classes("sy-field__name")
        if item.local is not None:
            _side(tr("Here"), change.here)
        if item.remote is not None:
            _side("Supabase", change.there)
        if item.base is not None and base not in (change.here, change.there):
            _side(tr("Agreed on"), base)


def _side(who: str, value: Any) -> None:
    with ui.element("div").classes("sy-side"):
        ui.label(who).classes("sy-side__who")
        ui.label(value_text(value)).classes("sy-side__value")
