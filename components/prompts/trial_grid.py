"""Trial grid: what each model says under the tried and the live version, with verdict and times."""

from typing import Any

from nicegui import ui

from components.primitives.formats import duration_text
from components.prompts import choice_list
from components.status.looks import CELL_LOOKS, NO_CELL, Look, look_props
from components.status.reasons import reason_text
from components.words import tr, trn
from services.e2e.types import CellStatus
from services.prompts.types import TrialAnswer, TrialState, TrialView

assert choice_list  # its import brings the stylesheet
SHOWN_MOST = 4_000  # characters of an answer while it grows
_STATES = {
    TrialState.WAITING: CELL_LOOKS[CellStatus.PENDING],
    TrialState.RUNNING: CELL_LOOKS[CellStatus.RUNNING],
}


class TrialGrid(ui.element, component="trial_grid.js"):
    """One box an answer; changes come as one message."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._props["answers"] = []

    def show(self, view: TrialView) -> None:
        """Show how far every answer is."""
        self._props["answers"] = [_row(number, one) for number, one in enumerate(view.answers)]
        self.update()


def verdict_look(answer: TrialAnswer) -> Look:
    """Return the look of an answer: how far it is, then its verdict."""
    if answer.state is not TrialState.DONE:
        return _STATES[answer.state]
    known = answer.verdict in list(CellStatus)
    return CELL_LOOKS[CellStatus(answer.verdict)] if known else NO_CELL


def summary(view: TrialView) -> str:
    """Return how many passed, or how far it is."""
    total = len(view.tried)
    if not view.is_over:
        done = sum(answer.state is TrialState.DONE for answer in view.answers)
        return tr("{done} of {total} answered", done=done, total=len(view.answers))
    if view.error:
        return tr("The trial did not end well: {why}", why=tr(view.error))
    return trn(
        "{passed} of {n} model passed", "{passed} of {n} models passed", total, passed=view.passed
    )


def _row(number: int, answer: TrialAnswer) -> dict[str, Any]:
    is_done = answer.state is TrialState.DONE
    text = answer.text if is_done else answer.text[-SHOWN_MOST:]
    times = [
        tr("TTFT {time}", time=duration_text(answer.ttft_ms)) if answer.ttft_ms is not None else "",
        duration_text(answer.latency_ms) if answer.latency_ms is not None else "",
    ]
    reason = "" if answer.reason in ("", "ok") else reason_text(answer.reason)
    if answer.tool_names:
        names = tr("asked for {names}", names=tr(", ").join(answer.tool_names))
        reason = f"{reason} · {names}" if reason else names
    version = f"v{answer.version_no}"
    return {
        "key": number,
        "model": answer.model,
        "version": tr("{version} live", version=version) if answer.is_live else version,
        "look": look_props(verdict_look(answer)),
        "text": text,
        "reason": reason,
        "times": " · ".join(filter(None, times)),
    }
