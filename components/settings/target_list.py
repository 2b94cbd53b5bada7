"""Target list: the services under test, which one is chosen, and what can be done with each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon_button
from components.status.targets import target_name
from components.words import tr
from services.targets.types import Target


@dataclass(frozen=True, slots=True)
class TargetActs:
    """What a row's buttons call."""

    select: Callable[[Target], Any]
    edit: Callable[[Target], Any]
    delete: Callable[[Target], Any]


class TargetList(ui.element):
    """One row a service."""

    def __init__(self, acts: TargetActs) -> None:
        """Start empty; show() fills it."""
        super().__init__("div")
        self.classes("gb-list").props("role=list")
        self._acts = acts

    def show(self, targets: Sequence[Target]) -> None:
        """Replace the rows."""
        self.clear()
        with self:
            for target in targets:
                self._row(target)

    def _row(self, target: Target) -> None:
        with ui.element("div").classes("gb-list__row").props("role=listitem"):
            ui.element("span").classes("gb-tag").props["data-tag"] = target.colour
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                with ui.element("div").classes("gb-row"):
                    ui.label(target_name(target)).classes("t-strong t-clip")
                    if target.is_production:
                        ui.label(tr("Production")).classes("gb-badge gb-badge--line")
                ui.label(target.api_base).classes("t-mono c-faint t-clip")
            ui.label(ways_text(target)).classes("t-meta c-muted gb-list__side")
            if target.is_current:
                ui.label(tr("Under test")).classes("gb-badge gb-badge--ink")
            else:
                pick = button(
                    tr("Select"), lambda: self._acts.select(target), small=True, acts=True
                )
                pick.mark(f"select-{target.id}")
            icon_button("edit", tr("Edit"), lambda: self._acts.edit(target), small=True)
            if not target.is_self:
                icon_button(
                    "delete", tr("Delete"), lambda: self._acts.delete(target), small=True, acts=True
                )


def ways_text(target: Target) -> str:
    """Return how a registered user is had there."""
    if target.user_email:
        return tr("Fixed account")
    if target.service_key:
        return tr("Admin makes a user")
    return tr("Public sign-up")
