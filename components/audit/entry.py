"""Entry drawer: one change with both its sides, where the thing is now, and the way back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import ui

from components.audit.words import (
    action_look,
    actor_word,
    field_value,
    field_word,
    fields_of,
    kind_word,
    place_of,
    subject_word,
)
from components.primitives.button import button
from components.primitives.drawer import Drawer
from components.primitives.formats import moment_text
from components.primitives.status_dot import StatusDot
from components.status.demo import demo_badge
from components.theme.apply import add_sheet
from components.words import tr
from services.audit.types import AuditEntry

add_sheet(Path(__file__).with_name("audit.css"))


class EntryDrawer:
    """The drawer beside the log."""

    def __init__(self, undo: Callable[[AuditEntry], Any], go: Callable[[str], Any]) -> None:
        """Stand closed; `undo` takes an entry back, `go` leads to an address."""
        self._undo = undo
        self._go = go
        self.entry_id = 0
        self._drawer = Drawer(tr("Change"), self._closed)
        self._drawer.classes("au-drawer")
        with self._drawer.head:
            self._title = ui.label("").classes("t-section t-clip")

    @property
    def is_open(self) -> bool:
        """Whether it shows an entry."""
        return self._drawer.is_open

    def show(self, entry: AuditEntry, zone: str, *, is_reversible: bool) -> None:
        """Show the entry."""
        self.entry_id = entry.id
        self._title.set_text(subject_word(entry))
        self._drawer.body.clear()
        with self._drawer.body:
            self._head(entry, zone)
            self._acts(entry, is_reversible=is_reversible)
            with ui.element("div"):
                for name in fields_of(entry):
                    _field(entry, name)
        if not self._drawer.is_open:
            self._drawer.open()

    def close(self) -> None:
        """Hide it."""
        self._drawer.close()

    def _closed(self) -> None:
        self.entry_id = 0

    def _head(self, entry: AuditEntry, zone: str) -> None:
        look = action_look(entry.action)
        with ui.element("div").classes("gb-row gb-wrap"):
            StatusDot(look.tone, look.shape, look.weight, look.label)
            ui.label(kind_word(entry.kind)).classes("gb-badge gb-badge--line")
            if entry.is_demo:
                demo_badge()
        with ui.element("dl").classes("gb-facts"):
            _fact(tr("When"), moment_text(entry.at, zone))
            _fact(tr("Who"), actor_word(entry.actor))
            if entry.request_id:
                _fact(tr("Request"), entry.request_id, mono=True)
            if entry.undone_at is not None:
                by = actor_word(entry.undone_by)
                _fact(tr("Taken back"), f"{moment_text(entry.undone_at, zone)} · {by}")

    def _acts(self, entry: AuditEntry, *, is_reversible: bool) -> None:
        place = place_of(entry)
        if not place and not is_reversible:
            return
        with ui.element("div").classes("gb-row gb-wrap"):
            if place:
                text = tr("Show this version") if "&v=" in place else tr("Show it")
                button(text, lambda: self._go(place), icon="open_in_new")
            if is_reversible:
                button(tr("Take it back"), lambda: self._undo(entry), icon="undo", acts=True)


def _field(entry: AuditEntry, name: str) -> None:
    with ui.element("div").classes("au-field"):
        ui.label(field_word(name)).classes("au-field__name").tooltip(name)
        with ui.element("div").classes("gb-col gap-4"):
            if entry.before is not None and name in entry.before:
                ui.label(field_value(entry, entry.before[name])).classes("au-field__value au-was")
            if entry.after is not None and name in entry.after:
                ui.label(field_value(entry, entry.after[name])).classes("au-field__value")


def _fact(name: str, value: str, *, mono: bool = False) -> None:
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        ui.label(value).classes("t-mono t-wrap" if mono else "t-wrap")
