"""Turn view: what was asked and answered, the verdict, whose side a failure is on, what to do next."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.executions.output import OutputView
from components.primitives.button import button, copy_button
from components.primitives.formats import duration_text
from components.simulator.words import advice_text, look_of, phase_text, saved_text
from components.status.checks import dot
from components.status.looks import CELL_LOOKS
from components.words import sentence, tr
from services.dialogs.types import Dialog, DialogRequest, LiveDialog, Phase, Saved
from services.e2e.types import CellStatus

_TONES = {
    CellStatus.SLOW: "slow",
    CellStatus.BAD_STRUCTURE: "structure",
    CellStatus.FAILED: "failed",
    CellStatus.SIGNIN_FAILED: "signin",
    CellStatus.LIMITED: "limited",
}


class TurnView(ui.element):
    """One turn, growing while it runs."""

    def __init__(
        self, request: DialogRequest, on_pick: Callable[[Dialog], Any] | None = None
    ) -> None:
        """Show the question; `on_pick` shows the ended turn's events beside it."""
        super().__init__("article")
        self.classes("si-turn")
        with self:
            with ui.element("div").classes("si-asked"):
                ui.label(request.message).classes("t-wrap")
            self._answer = ui.element("div").classes("si-answer")
            with ui.element("div").classes("si-verdict").props("aria-live=polite") as self._line:
                self._phase = dot(CELL_LOOKS[CellStatus.PENDING], show_word=False)
                self._said = ui.label("").classes("t-meta c-muted")
            self._under = ui.element("div").classes("gb-col gap-4")
        self._dialog: Dialog | None = None
        self._output: OutputView | None = None
        self._on_pick = on_pick
        if on_pick is not None:
            self.on("click", self._picked)

    def _picked(self) -> None:
        if self._dialog is not None and self._on_pick is not None:
            self._on_pick(self._dialog)

    # -- while it runs

    def begin(self, text: str) -> None:
        """Show the text so far; from now on it grows."""
        if self._output is None:
            with self._answer:
                self._output = OutputView()
        self._output.show(text, is_cut=False)

    def grow(self, text: str) -> None:
        """Add what just came."""
        if self._output is not None:
            self._output.add(text)

    def tell(self, live: LiveDialog) -> None:
        """Say what it is doing."""
        look = CELL_LOOKS[CellStatus.RUNNING]
        is_waiting = live.phase is Phase.WAITING
        look = CELL_LOOKS[CellStatus.PENDING] if is_waiting else look
        self._phase.show(look.tone, look.shape, look.weight, look.label)
        self._said.set_text(phase_text(live.phase, live.pause_s))

    # -- once it is over

    def finish(self, dialog: Dialog) -> None:
        """Show the verdict, why, what to do next, and where it is kept."""
        self._dialog = dialog
        if self._output is None:
            self._draw_reply(dialog)
        else:
            self._output.show(dialog.reply, is_cut=dialog.is_reply_cut)
            self._output.close()
        self._line.clear()
        self._under.clear()
        with self._line:
            dot(look_of(dialog))
            ui.label(_facts(dialog)).classes("t-meta c-muted t-clip")
            if dialog.provider == "demo":
                ui.label(tr("Demo")).classes("gb-badge gb-badge--line")
            ui.element("div").classes("gb-grow")
            self._kept(dialog)
            if dialog.reply:
                copy_button(dialog.reply, tr("Copy the reply"))
        with self._under:
            self._advise(dialog)

    def _draw_reply(self, dialog: Dialog) -> None:
        with self._answer, ui.element("pre").classes("si-reply t-mono").props("tabindex=0"):
            ui.label(dialog.reply or tr("There is no reply text.")).classes("gx-piece")

    def _kept(self, dialog: Dialog) -> None:
        if dialog.saved is Saved.STORED:
            path = f"/simulator/chat/{dialog.dialog_id}"
            ui.link(saved_text(Saved.STORED), path).classes("gb-link t-meta si-saved").mark("saved")
            return
        tone = "slow" if dialog.saved is Saved.JOURNAL else "failed"
        label = ui.label(saved_text(dialog.saved)).classes("t-meta c-tone").mark("saved")
        label.props["data-tone"] = tone

    def _advise(self, dialog: Dialog) -> None:
        advice = dialog.advice
        if advice is None:
            return
        with ui.element("div").classes("si-advice").props("role=status") as box:
            box.props["data-tone"] = _TONES.get(dialog.status, "ended")
            ui.label(advice_text(advice)).classes("t-strong")
            ui.label(sentence(advice.next))
            if dialog.error_text and dialog.error_text != dialog.error:
                ui.label(dialog.error_text).classes("t-mono t-wrap c-muted")
            elif dialog.error and dialog.status is not CellStatus.SLOW:
                ui.label(dialog.error).classes("t-mono t-wrap c-muted")


def advice_acts(dialog: Dialog, again: Callable[[], Any]) -> None:
    """Draw the way to try it again beneath a bad end."""
    if dialog.advice is not None:
        button(tr("Send again"), again, icon="replay", small=True, acts=True)


def _facts(dialog: Dialog) -> str:
    parts = [
        duration_text(dialog.timings.total_ms),
        dialog.request.model,
        dialog.resolved_model,
    ]
    return " · ".join(part for part in parts if part)
