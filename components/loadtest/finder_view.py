"""Finder view: the answer of a search for the safe number of users, and every step it took."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import ui

from components.charts.line import LineChart
from components.loadtest.charts import steps_options
from components.loadtest.words import BROKEN, HELD, ms_text, percent_text, rate_text, state_look
from components.primitives.button import button, icon
from components.primitives.card import card
from components.primitives.data_table import Column, DataTable
from components.primitives.formats import NOTHING, count_text
from components.primitives.status_dot import StatusDot
from components.primitives.toolbar import spacer
from components.status.looks import look_props
from components.theme.apply import add_sheet
from components.words import sentence, tr
from services.loadtest.types import FinderStep, LoadRun, RunState, SafeFinding

add_sheet(Path(__file__).with_name("loadtest.css"))

FEWEST = 2  # steps; fewer make no line


class FinderView(ui.element):
    """Head, answer, steps and a chart of them; changed in place."""

    def __init__(
        self, finding: SafeFinding, cancel: Callable[[], Any], opened: Callable[[str], Any]
    ) -> None:
        """Draw it; `opened` is told the run of a step."""
        super().__init__("div")
        self.classes("gb-col gap-16")
        self._chart: LineChart | None = None
        with self:
            self._draw_head(finding, cancel)
            with card(tr("Steps"), tight=True):
                self._steps = DataTable(
                    _columns(),
                    [],
                    name=tr("Steps"),
                    none=tr("No step has ended yet"),
                    on_open=opened,
                )
            self._line = ui.element("div")

    def _draw_head(self, finding: SafeFinding, cancel: Callable[[], Any]) -> None:
        look = state_look(finding.state)
        with ui.element("section").classes("gb-card lt-head") as self._card:
            with ui.element("div").classes("lt-head__row"):
                icon("trending_up").classes("c-faint")
                with ui.element("h1").classes("t-page"):
                    ui.label(tr("Safe number of users"))
                self._state = StatusDot(look.tone, look.shape, look.weight, look.label)
                spacer()
                ui.link(tr("Execution"), f"/executions/{finding.execution_id}").classes(
                    "gb-link t-table"
                )
                self._cancel = button(
                    tr("Cancel"), cancel, kind="danger", icon="stop_circle", acts=True
                )
            self._answer = ui.label("").classes("t-figure").mark("safe-answer")
            self._words = ui.label("").classes("lt-head__verdict t-wrap").props("role=status")

    def show(self, finding: SafeFinding, running: LoadRun | None) -> None:
        """Show what is known by now; `running` is the step under way."""
        look = state_look(finding.state)
        is_over = finding.state not in (RunState.PENDING, RunState.RUNNING)
        self._card.props["data-tone"] = look.tone
        self._card.update()
        self._state.show(look.tone, look.shape, look.weight, look.label)
        self._cancel.set_visibility(not is_over)
        self._answer.set_text(_answer(finding))
        tone = look.tone if is_over else "running"
        if finding.safe_users == 0:
            tone = "failed"
        self._words.props["data-tone"] = tone
        self._words.set_text(_words(finding, running, is_over=is_over))
        self._words.update()
        self._steps.show([_row(no, step) for no, step in enumerate(finding.steps)])
        self._draw_line(finding)

    def _draw_line(self, finding: SafeFinding) -> None:
        if len(finding.steps) < FEWEST:
            return
        options = steps_options(finding.steps)
        if self._chart is None:
            with self._line, card(tr("First text and whole answer by users")):
                name = tr("First text and whole answer by users")
                self._chart = LineChart(options, name=name, height="220px")
        else:
            self._chart.show(options)


def _answer(finding: SafeFinding) -> str:
    if finding.safe_users is None:
        return NOTHING
    mark = "≥ " if finding.is_at_least else ""
    return f"{mark}{count_text(finding.safe_users)}"


def _words(finding: SafeFinding, running: LoadRun | None, *, is_over: bool) -> str:
    if is_over or running is None:
        return sentence(finding.words)
    return tr("Trying {n} users now", n=count_text(running.plan.users))


def _columns() -> list[Column]:
    return [
        Column("users", tr("Users"), end=True, width="88px"),
        Column("state", tr("Result"), kind="look", width="112px"),
        Column("reason", tr("What broke")),
        Column("ttft", tr("First text p95"), end=True, width="112px"),
        Column("total", tr("Whole answer p95"), end=True, width="128px"),
        Column("bad", tr("Failed calls"), end=True, width="96px"),
        Column("rate", tr("Calls a second"), end=True, width="104px"),
    ]


def _row(no: int, step: FinderStep) -> dict[str, Any]:
    summary = step.summary
    reason = NOTHING if step.reason is None else sentence(step.reason)
    return {
        "id": step.run_id,
        "no": no,
        "users": count_text(step.users),
        "state": look_props(HELD if step.is_held else BROKEN),
        "reason": reason,
        "reason_title": reason,
        "ttft": ms_text(summary.ttft.p95) if summary else NOTHING,
        "total": ms_text(summary.total.p95) if summary else NOTHING,
        "bad": percent_text(summary.error_share) if summary else NOTHING,
        "rate": rate_text(summary.rate_per_s) if summary else NOTHING,
    }
