"""Step card: one step in the editor: what it is told, how long, how often, and what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.agents.drafts import Draft
from components.agents.step_fields import StepChoices, hear, step_field, whole
from components.primitives.button import icon, icon_button
from components.primitives.field import Field, number_field, text_field
from components.primitives.toolbar import Segment
from components.words import tr
from services.workflows.types import RETRIES_MAX, OnFailure, StepKind


@dataclass(frozen=True, slots=True)
class CardActs:
    """What a card's head asks for; places count from 0."""

    move: Callable[[int, int], Any]  # from, to
    remove: Callable[[int], Any]
    grab: Callable[[int], Any]  # a drag began
    drop: Callable[[int], Any]  # it ended over this card


class StepCard(ui.element):
    """Draws one draft at its place; its fields are under names such as `steps.2.timeout_s`."""

    def __init__(
        self,
        draft: Draft,
        kind: StepKind | None,
        place: tuple[int, int],
        choices: StepChoices,
        acts: CardActs,
    ) -> None:
        """`place` is the card's place from 0 and how many there are."""
        super().__init__("section")
        self.classes("ga-card").props("tabindex=-1").mark(f"step-{place[0] + 1}")
        self.fields: dict[str, Field] = {}
        self._draft = draft
        self._kind = kind
        self._at, self._count = place
        self._acts = acts
        with self:
            self._head()
            with ui.element("div").classes("ga-card__body gb-col gap-12"):
                self._body(choices)
        self._accept_drops()

    def _head(self) -> None:
        at = self._at
        title = self._draft.kind if self._kind is None else tr(self._kind.label)
        with ui.element("div").classes("ga-card__head").props("draggable=true") as head:
            icon("drag_indicator").classes("ga-card__grip")
            ui.label(str(at + 1)).classes("t-meta c-faint")
            icon("help" if self._kind is None else self._kind.icon)
            ui.label(title).classes("t-table t-strong gb-grow t-clip")
            up = icon_button(
                "arrow_upward",
                tr("Move up (Alt ↑)"),
                lambda: self._acts.move(at, at - 1),
                small=True,
            )
            up.set_enabled(at > 0)
            down = icon_button(
                "arrow_downward",
                tr("Move down (Alt ↓)"),
                lambda: self._acts.move(at, at + 1),
                small=True,
            )
            down.set_enabled(at < self._count - 1)
            icon_button("close", tr("Remove"), lambda: self._acts.remove(at), small=True)
        head.on("dragstart", lambda: self._acts.grab(at))

    def _accept_drops(self) -> None:
        self.on("dragover.prevent", js_handler=_OVER)
        self.on("dragleave", js_handler=_LEAVE)
        self.on("drop.prevent", lambda: self._acts.drop(self._at))
        self.on("keydown.alt.up.prevent", lambda: self._acts.move(self._at, self._at - 1))
        self.on("keydown.alt.down.prevent", lambda: self._acts.move(self._at, self._at + 1))

    def _body(self, choices: StepChoices) -> None:
        whole_step = Field("")
        whole_step.classes("gb-field--bare")
        self.fields[f"steps.{self._at + 1}"] = whole_step
        with ui.element("div").classes("gb-form"):
            name = text_field(
                tr("Name"),
                self._draft.name,
                placeholder=tr(self._kind.label) if self._kind else self._draft.kind,
                on_change=hear(lambda value: setattr(self._draft, "name", value or "")),
            )
            self._keep("name", name)
            for one in self._kind.fields if self._kind else ():
                self._keep(one.name, step_field(one, self._draft, choices))
        self._rules()

    def _rules(self) -> None:
        draft = self._draft
        with ui.element("div").classes("ga-rules"):
            limit = number_field(tr("Time limit"), draft.timeout_s, low=1, high=7_200, unit=tr("s"))
            limit.control.on_value_change(
                hear(lambda value: setattr(draft, "timeout_s", whole(value)))
            )
            tries = number_field(
                tr("Tries after a failure"), draft.retries, low=0, high=RETRIES_MAX
            )
            tries.control.on_value_change(
                hear(lambda value: setattr(draft, "retries", whole(value)))
            )
            follows = Field(tr("When it fails"))
            choices = {
                str(OnFailure.STOP): tr("Stop"),
                str(OnFailure.CONTINUE): tr("Go on"),
            }
            follows.hold(
                Segment(choices, str(draft.on_failure), self._follow, name=tr("When it fails"))
            )
        for key, field in (("timeout_s", limit), ("retries", tries), ("on_failure", follows)):
            self._keep(key, field)

    def _follow(self, value: str) -> None:
        self._draft.on_failure = OnFailure(value)

    def _keep(self, name: str, field: Field) -> None:
        self.fields[f"steps.{self._at + 1}.{name}"] = field


# Constant code: a card under a dragged one shows where it will land.
_OVER = "(event) => { event.currentTarget.dataset.over = 'true'; }"
_LEAVE = (
    "(event) => { if (!event.currentTarget.contains(event.relatedTarget))"
    " delete event.currentTarget.dataset.over; }"
)
