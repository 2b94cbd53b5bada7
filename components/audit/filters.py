"""Filters of the log: kind, who, text."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from components.audit.words import KIND_WORDS, actor_word
from components.primitives.field import choice_field, text_field
from components.words import tr
from services.audit.types import AuditFilter

ALL = ""


class AuditFilters(ui.element):
    """Three fields; each change asks for the log anew."""

    def __init__(
        self, wanted: AuditFilter, actors: Sequence[str], changed: Callable[[AuditFilter], Any]
    ) -> None:
        """Show what is wanted now."""
        super().__init__("div")
        self.classes("au-bar gb-filters").props("role=search")
        self._changed = changed
        kinds = {ALL: tr("All kinds"), **{str(k): tr(w) for k, w in KIND_WORDS.items()}}
        people = {ALL: tr("By anybody"), **{name: actor_word(name) for name in actors}}
        with self:
            self._kind = choice_field(tr("What"), kinds, next(iter(wanted.kinds), ALL))
            actor = wanted.actor if wanted.actor in people else ALL
            self._actor = choice_field(tr("Who"), people, actor)
            self._words = text_field(
                tr("Text"), wanted.text, placeholder=tr("Search name or number")
            )
        for field in (self._kind, self._actor):
            field.control.on_value_change(self._tell)
        self._words.control.props("debounce=300 clearable").on_value_change(self._tell)

    @property
    def wanted(self) -> AuditFilter:
        """What is chosen now."""
        kind = str(self._kind.control.value or ALL)
        return AuditFilter(
            kinds=(kind,) if kind else (),
            actor=str(self._actor.control.value or ALL),
            text=str(self._words.control.value or "").strip()[:200],
        )

    async def _tell(self) -> None:
        result = self._changed(self.wanted)
        if hasattr(result, "__await__"):
            await result
