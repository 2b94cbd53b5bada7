"""Trial panel: the models of a change one by one as they are judged, and the sum."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.formats import duration_text
from components.primitives.status_dot import StatusDot
from components.status.looks import CELL_LOOKS, Look
from components.status.reasons import reason_text
from components.words import tr, word
from services.e2e.types import CellStatus
from services.mapping.types import MappingEdit, TrialResult, TrialView

NOT_JUDGED = Look("none", "hollow", "plain", word("Not judged"))


@dataclass(frozen=True, slots=True)
class TrialCalls:
    """What the page does to check edits before they are stored."""

    forecast: Callable[[Sequence[MappingEdit]], int]  # conversations; 0: nothing can be asked
    try_out: Callable[[Sequence[MappingEdit]], Awaitable[TrialView | None]]
    stop: Callable[[str], Any]


class TrialPanel(ui.element):
    """Hidden until a trial begins; it follows that one trial only."""

    def __init__(
        self, stop: Callable[[str], Any], on_verdict: Callable[[TrialView | None], Any]
    ) -> None:
        """Start hidden; `on_verdict` hears a trial that is over, and None when it was put away."""
        super().__init__("div")
        self.classes("gb-col gb-hide ma-panel").props("aria-live=polite")
        self._stop = stop
        self._on_verdict = on_verdict
        self._view: TrialView | None = None

    def begin(self, view: TrialView) -> None:
        """Follow this trial."""
        self._show(view)
        self.classes(remove="gb-hide")
        self.run_method("scrollIntoView", {"block": "nearest"})

    def put_away(self) -> None:
        """Forget the trial: what it was about has changed."""
        if self._view is not None:
            self._view = None
            self.clear()
            self.classes(add="gb-hide")
            self._on_verdict(None)

    def hear(self, views: Sequence[TrialView]) -> None:
        """Take what became of the trial that is followed."""
        mine = [v for v in views if self._view and v.execution_id == self._view.execution_id]
        if mine:
            self._show(mine[-1])

    def _show(self, view: TrialView) -> None:
        self._view = view
        self.clear()
        with self:
            with ui.element("div").classes("gb-row gb-spread"):
                ui.label(sum_text(view)).classes("t-table t-strong")
                if not view.is_over:
                    cancel = button(tr("Cancel"), lambda: self._stop(view.execution_id), small=True)
                    cancel.props("type=button")
            if view.results:
                with ui.element("div").classes("ma-rows"):
                    for result in view.results:
                        _row(result)
        if view.is_over:
            self._on_verdict(view)
            self.run_method("scrollIntoView", {"block": "nearest"})


def sum_text(view: TrialView) -> str:
    """Return how many passed, and what that means for the change."""
    if view.error:
        return tr("The check ended without a verdict: {reason}", reason=tr(view.error))
    if not view.is_over:
        return tr("Checking {done} of {total} …", done=len(view.results), total=view.total)
    if view.passed == view.total:
        return tr("{passed} of {total} passed.", passed=view.passed, total=view.total)
    return tr("{passed} of {total} passed, activate anyway?", passed=view.passed, total=view.total)


def submit_text(view: TrialView | None, plain: str) -> str:
    """Return what the button that stores the change says after a trial, or without one."""
    if view is None or view.error:
        return plain
    return tr("Activate") if view.passed == view.total else tr("Activate anyway")


def result_look(result: TrialResult) -> Look:
    """Return how a verdict is shown."""
    try:
        return CELL_LOOKS[CellStatus(result.verdict)]
    except ValueError:
        return NOT_JUDGED


def _row(result: TrialResult) -> None:
    look = result_look(result)
    with ui.element("div").classes("ma-trial"):
        StatusDot(look.tone, look.shape, look.weight, look.label)
        with ui.element("div").classes("gb-col gap-0"):
            ui.label(result.model).classes("t-mono t-clip")
            if not result.is_good:
                ui.label(reason_text(result.reason)).classes("t-meta c-muted t-wrap")
        took = "" if result.latency_ms is None else duration_text(result.latency_ms)
        ui.label(took).classes("c-muted")
