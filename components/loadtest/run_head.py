"""Run head: what is tested, its state, how far it is, what it shows, and what one can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.loadtest.verdict import verdict
from components.loadtest.words import is_open, run_title, state_look
from components.primitives.button import button, icon
from components.primitives.formats import age_words, count_text, duration_text, epoch_ms
from components.primitives.status_dot import Age, StatusDot
from components.primitives.toolbar import spacer
from components.words import tr
from services.foundation.messages import Message
from services.loadtest.types import LoadRun, RunState


@dataclass(frozen=True, slots=True)
class HeadActs:
    """What the page does."""

    cancel: Callable[[], Any]
    again: Callable[[], Any]
    mark: Callable[[], Any]
    tools: Callable[[], Any]  # draws what stands before the buttons


@dataclass(frozen=True, slots=True)
class Flow:
    """How many calls are under way and how many wait for a seat under the cap."""

    in_flight: int = 0
    waiting: int = 0
    cap: int = 0


class RunHead(ui.element):
    """The card at the top of a run's page; lit while it runs."""

    def __init__(self, run: LoadRun, acts: HeadActs) -> None:
        """Draw it for this run; `show` gives it its state."""
        super().__init__("section")
        self.classes("gb-card lt-head")
        self.props["aria-label"] = tr("Load test")
        look = state_look(run.state)
        with self:
            with ui.element("div").classes("lt-head__row"):
                icon("speed").classes("c-faint")
                with ui.element("h1").classes("t-page t-clip"):
                    ui.label(run_title(run)).classes("t-clip")
                self._state = StatusDot(look.tone, look.shape, look.weight, look.label)
                self._age = Age(None, age_words()).classes("c-faint t-meta")
                self._base = ui.label(tr("Baseline")).classes("gb-badge")
                self._base.props["data-tone"] = "running"
                spacer()
                acts.tools()
                self._again = button(
                    tr("Run again"), acts.again, icon="replay", small=True, acts=True
                )
                self._cancel = button(
                    tr("Cancel"), acts.cancel, kind="danger", icon="stop_circle", acts=True
                )
            with ui.element("div").classes("lt-head__row") as self._middle:
                with ui.element("div").classes("lt-track"):
                    self._fill = ui.element("i")
                self._progress = ui.label("").classes("c-muted")
                self._flow = ui.label("").classes("c-muted").mark("load-flow")
            with ui.element("div").classes("lt-head__row"):
                self._verdict = ui.label("").classes("lt-head__verdict t-wrap").props("role=status")
                self._mark = button("", acts.mark, icon="flag", small=True, acts=True)

    def show(self, run: LoadRun, flow: Flow, reason: Message) -> None:
        """Show its present state."""
        look = state_look(run.state)
        runs = is_open(run)
        self.props["data-tone"] = look.tone
        self.props["data-lit"] = "true" if run.state is RunState.RUNNING else "false"
        self.update()
        self._state.show(look.tone, look.shape, look.weight, look.label)
        self._age.count_from(epoch_ms(run.finished_at or run.created_at))
        self._cancel.set_visibility(runs)
        self._again.set_visibility(not runs)
        has_figures = run.summary is not None and bool(run.summary.counts.get("success"))
        self._mark.set_visibility(not runs and (has_figures or run.baseline))
        self._mark.set_text(
            tr("No baseline any more") if run.baseline else tr("Make it the baseline")
        )
        self._base.set_visibility(run.baseline)
        self._middle.set_visibility(runs)
        self._show_progress(run, flow)
        tone, text = verdict(run, reason)
        self._verdict.props["data-tone"] = tone
        self._verdict.set_text(text)
        self._verdict.update()

    def asked_to_end(self) -> None:
        """Say that the cancel is under way."""
        self._cancel.set_enabled(False)
        self._cancel.set_text(tr("Cancelling …"))

    def _show_progress(self, run: LoadRun, flow: Flow) -> None:
        done = 0 if run.summary is None else run.summary.ended
        self._fill.style(f"transform:scaleX({max(0.0, min(1.0, _share(run))):.4f})")
        total = run.plan.requests
        if total:
            text = tr("{done} of {total}", done=count_text(done), total=count_text(total))
        else:
            spent = duration_text(1000 * (run.summary.elapsed_s if run.summary else 0))
            whole = duration_text(1000 * (run.plan.seconds or 0))
            text = tr(
                "{n} ended · {spent} of {whole}", n=count_text(done), spent=spent, whole=whole
            )
        self._progress.set_text(text)
        parts = [tr("{n} in flight", n=count_text(flow.in_flight))]
        if flow.waiting:
            parts.append(
                tr("{n} waiting (at most {cap} at once)", n=count_text(flow.waiting), cap=flow.cap)
            )
        self._flow.set_text(" · ".join(parts))


def _share(run: LoadRun) -> float:
    """Return how far it is, by calls or by time."""
    if run.summary is None:
        return 0.0
    if run.plan.requests:
        return run.summary.ended / run.plan.requests
    return run.summary.elapsed_s / run.plan.seconds if run.plan.seconds else 0.0
