"""Trial dialog: choose models and a question, watch the answers, then decide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field, long_field
from components.prompts.trial_grid import TrialGrid, summary
from components.words import tr, trn
from services.prompts.types import TrialRequest, TrialView

MODELS_MOST = 12
TEXT_MOST = 500


@dataclass(frozen=True, slots=True)
class TrialChoices:
    """What can be chosen: the version, the models, the question that is asked by default."""

    prompt_id: int
    version_no: int
    title: str
    models: Sequence[str]
    text: str
    live_no: int  # version that is live of this type; 0: none, or the tried one


@dataclass(frozen=True, slots=True)
class TrialCalls:
    """What the page does for the dialog."""

    start: Callable[[TrialRequest, dict[str, Field], ui.button], Any]
    cancel: Callable[[], Any]
    closed: Callable[[], Any]
    activate: Callable[[], Any] | None  # None: it is live already


class TrialDialog:
    """One trial after the other of one version."""

    def __init__(self, choices: TrialChoices, calls: TrialCalls) -> None:
        """Open with the first models chosen."""
        self._choices = choices
        self._calls = calls
        self._boxes: dict[str, ui.checkbox] = {}
        with ui.dialog() as self.dialog, ui.card().classes("gb-dialog pr-wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(choices.title)
            self._draw_choices()
            self._said = ui.label("").classes("t-strong").props("aria-live=polite")
            self._grid = TrialGrid()
            self._draw_acts()
        self.dialog.on("hide", self._hidden)
        self._count()
        self.dialog.open()

    def _draw_choices(self) -> None:
        self._models = Field(tr("Models"))
        with ui.element("div").classes("pr-models") as box:
            for number, name in enumerate(self._choices.models):
                made = ui.checkbox(name, value=number < 3, on_change=self._count)
                self._boxes[name] = made
        self._models.hold(box)
        self._text = long_field(tr("Question"), self._choices.text, most=TEXT_MOST)
        self._with_live = ui.switch(
            tr("Ask under the live v{n} too", n=self._choices.live_no), on_change=self._count
        )
        self._with_live.set_visibility(bool(self._choices.live_no))

    def _draw_acts(self) -> None:
        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Close"), self.dialog.close)
            self._stop = button(tr("Cancel the trial"), self._calls.cancel, kind="danger")
            self._run = button("", self._start, icon="play_arrow", acts=True).mark("run-trial")
            self._go = button(tr("Activate"), self._calls.activate, kind="primary", acts=True)
            self._go.mark("activate-tried")
            self._stop.set_visibility(False)
            self._go.set_visibility(False)

    def request(self) -> TrialRequest:
        """Return what is chosen now."""
        return TrialRequest(
            self._choices.prompt_id,
            self._choices.version_no,
            tuple(name for name, box in self._boxes.items() if box.value),
            str(self._text.control.value or ""),
            bool(self._with_live.value),
        )

    def _count(self) -> None:
        chosen = self.request()
        count = len(chosen.models) * (2 if chosen.with_live else 1)
        self._run.set_text(tr("Try · {n}", n=count))
        self._run.props["title"] = trn("{n} conversation", "{n} conversations", count)
        self._run.set_enabled(0 < len(chosen.models) <= MODELS_MOST)
        self._models.aside.set_text(f"{len(chosen.models)} / {MODELS_MOST}")

    async def _start(self) -> None:
        fields = {"models": self._models, "text": self._text}
        await self._calls.start(self.request(), fields, self._run)

    def show(self, view: TrialView) -> None:
        """Show how far the trial is; once it is over, offer to activate."""
        self._grid.show(view)
        self._said.set_text(summary(view))
        self._stop.set_visibility(not view.is_over)
        self._run.set_visibility(view.is_over)
        self._go.set_visibility(view.is_over and self._calls.activate is not None)
        is_whole = view.passed == len(view.tried)
        self._go.set_text(tr("Activate") if is_whole else tr("Activate anyway"))

    def _hidden(self) -> None:
        self._calls.closed()
        self.dialog.delete()
