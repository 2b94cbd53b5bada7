"""Schedule card: when checks run by themselves, in one line, with a door to change it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.formats import age_words, epoch_ms, moment_text
from components.primitives.status_dot import Age
from components.words import tr, trn
from services.schedules.types import Every, Rule, ScheduleView


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """What the line says."""

    view: ScheduleView
    conversations_per_day: int
    now: datetime


class ScheduleCard(ui.element):
    """`Every 3 h · next in 2 h · 320 a day [Edit]`, or that the schedule is off."""

    def __init__(self, on_edit: Callable[[], Any]) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self.classes("gb-row gx-schedule t-table c-muted")
        self._on_edit = on_edit

    def show(self, facts: ScheduleFacts) -> None:
        """Draw the present schedule."""
        self.clear()
        view = facts.view
        with self:
            if not view.is_enabled:
                ui.label(tr("The schedule is off")).classes("c-tone").props("data-tone=slow")
            else:
                ui.label(rule_text(view.rule)).tooltip(view.zone)
                _dot()
                ui.label(tr("next"))
                Age(epoch_ms(view.next_at), age_words(), title=moment_text(view.next_at, view.zone))
                ui.label("· " + tr("{n} calls/day", n=facts.conversations_per_day)).classes(
                    "gx-roomy"
                )
            if view.missed:
                _missed(view)
            button(tr("Edit"), self._on_edit, small=True)


def rule_text(rule: Rule) -> str:
    """Return the rule in words."""
    if isinstance(rule, Every):
        return tr("Every {n} h", n=rule.hours)
    return tr("Daily at {at}", at=f"{rule.at:%H:%M}")


def _missed(view: ScheduleView) -> None:
    slots = "\n".join(moment_text(slot.slot_at, view.zone) for slot in view.missed[:8])
    name = trn("{n} slot missed", "{n} slots missed", len(view.missed))
    mark = ui.label(f"! {len(view.missed)}").classes("gb-badge").props("data-tone=slow role=img")
    mark.props["aria-label"] = name
    mark.props["title"] = f"{name}\n{slots}"


def _dot() -> None:
    ui.label("·").classes("c-faint").props("aria-hidden=true")
