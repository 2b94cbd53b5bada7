"""Bulk edit: a bar for the chosen mappings, and the dialog that puts one model in another's place."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.mapping.trial_panel import TrialCalls, TrialPanel, submit_text
from components.primitives.button import button
from components.primitives.field import Field, choice_field
from components.status.impacts import impact_list
from components.words import tr, trn
from services.mapping.types import Impact, MappingEdit, TrialView


@dataclass(frozen=True, slots=True)
class BulkCalls:
    """What the page does with the chosen mappings."""

    replace: Callable[[], Any]
    switch: Callable[[bool], Any]
    delete: Callable[[], Any]
    clear: Callable[[], Any]


class BulkBar(ui.element):
    """Stands under the table while something is chosen."""

    def __init__(self, calls: BulkCalls) -> None:
        """Start hidden."""
        super().__init__("div")
        self.classes("ma-picked gb-hide").props("role=toolbar")
        self.props["aria-label"] = tr("Chosen mappings")
        with self:
            self._count = ui.label("").classes("t-strong")
            ui.element("div").classes("gb-grow")
            button(tr("Replace a model"), calls.replace, icon="find_replace")
            button(tr("Switch on"), lambda: calls.switch(True), acts=True)
            button(tr("Switch off"), lambda: calls.switch(False), acts=True)
            button(tr("Delete"), calls.delete, icon="delete", acts=True)
            button(tr("Choose none"), calls.clear, kind="quiet")

    def show(self, count: int) -> None:
        """Say how many are chosen; hide at none."""
        self._count.set_text(trn("{n} chosen", "{n} chosen", count))
        self.classes(add="" if count else "gb-hide", remove="gb-hide" if count else "")


@dataclass(frozen=True, slots=True)
class ReplaceCalls:
    """What the page does; None says that it was refused and told."""

    edits: Callable[[str, str], Sequence[MappingEdit] | None]
    impact: Callable[[Sequence[MappingEdit]], Impact]
    trials: TrialCalls
    save: Callable[[Sequence[MappingEdit], dict[str, Field]], Awaitable[bool]]


class ReplaceDialog:
    """Model X by Y in the chosen mappings, with what it does before it is done."""

    def __init__(
        self, count: int, used: Sequence[str], offered: Sequence[str], calls: ReplaceCalls
    ) -> None:
        """Open it; `used` are the models of the chosen mappings."""
        self._calls = calls
        self._edits: Sequence[MappingEdit] = ()
        title = trn("Replace a model in {n} mapping", "Replace a model in {n} mappings", count)
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog ma-wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(title)
            with ui.element("div").classes("gb-form"):
                first = used[0] if used else ""
                self._old = choice_field(tr("Model"), list(used), first, filtered=True)
                choices = {"": tr("Nothing: leave it out"), **{name: name for name in offered}}
                self._new = choice_field(tr("Replaced by"), choices, "", filtered=True)
            self._effect = ui.element("div").classes("gb-col")
            self._trial = TrialPanel(calls.trials.stop, self._judged)
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Cancel"), self._dialog.close)
                self._try = button("", self._try_out, icon="rule")
                self._submit = button(tr("Replace"), self._save, kind="primary", acts=True)
        for field in (self._old, self._new):
            field.control.on_value_change(self._changed)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()
        self._changed()

    def hear(self, views: Sequence[TrialView]) -> None:
        """Show how far the trial is."""
        self._trial.hear(views)

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        return not self._dialog.is_deleted

    def _judged(self, view: TrialView | None) -> None:
        self._submit.set_text(submit_text(view, tr("Replace")))

    def _changed(self, _event: object = None) -> None:
        self._trial.put_away()
        old, new = str(self._old.control.value or ""), str(self._new.control.value or "")
        found = self._calls.edits(old, new) if old and old != new else ()
        self._edits = found or ()
        self._submit.set_enabled(bool(self._edits))
        count = self._calls.trials.forecast(self._edits) if self._edits and new else 0
        text = trn("Check first · {n} conversation", "Check first · {n} conversations", count)
        self._try.set_text(text if count else tr("Check first"))
        self._try.set_enabled(count > 0)
        self._effect.clear()
        with self._effect:
            text = trn("{n} mapping changes", "{n} mappings change", len(self._edits))
            ui.label(text).classes("t-table t-strong")
            if found is None:
                ui.label(tr("A mapping would have no model left: choose a replacement")).classes(
                    "gb-field__error"
                )
            if self._edits:
                impact_list(self._calls.impact(self._edits))

    async def _try_out(self) -> None:
        view = await self._calls.trials.try_out(self._edits)
        if view is not None:
            self._trial.begin(view)

    async def _save(self) -> None:
        fields = {"old": self._old, "new": self._new}
        if await self._calls.save(self._edits, fields):
            self._dialog.close()
