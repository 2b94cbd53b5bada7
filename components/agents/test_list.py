"""Past tests of an agent: verdict, time and words of each, and the whole reply of one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nicegui import ui

from components.primitives.button import copy_button
from components.primitives.data_table import Column, DataTable
from components.primitives.formats import clock_text, duration_text, moment_text
from components.primitives.status_dot import StatusDot
from components.status.looks import (
    CELL_LOOKS,
    EXECUTION_LOOKS,
    Look,
    look_props,
    user_type_word,
)
from components.status.reasons import reason_text
from components.words import tr
from services.agents.types import AgentTest
from services.e2e.types import CellStatus
from services.executions.types import ExecutionState

EXCERPT = 120


class TestList(ui.element):
    """The table, and beneath it the reply of the test that is open."""

    __test__ = False  # not a test case

    def __init__(self, on_open: Callable[[str], Any], zone: Callable[[], str]) -> None:
        """Start empty; `on_open` hears the execution id of a row that was picked."""
        super().__init__("div")
        self.classes("gb-col gap-0")
        self._zone = zone
        with self:
            columns = (
                Column("verdict", tr("Verdict"), kind="look", width="124px"),
                Column("at", tr("Time"), width="104px"),
                Column("who", tr("Identity"), width="88px"),
                Column("ttft", tr("First text"), end=True, width="88px"),
                Column("total", tr("Total"), end=True, width="80px"),
                Column("input", tr("Input")),
            )
            self._table = DataTable(
                columns,
                [],
                name=tr("Past tests"),
                none=tr("Not tested yet"),
                on_open=on_open,
                compact=True,
            )
            self._reply = ui.element("div")

    def show(self, tests: Sequence[AgentTest], now: datetime) -> None:
        """Replace the rows, newest first."""
        zone = self._zone()
        self._table.show([_row(test, zone, now) for test in tests])

    def open(self, test: AgentTest | None) -> None:
        """Show the whole of one test beneath the table, or nothing."""
        self._reply.clear()
        if test is not None:
            with self._reply:
                _reply(test, self._zone())


def test_look(test: AgentTest) -> Look:
    """Return how a test is shown: its verdict once the reply was judged, else its state."""
    judged = test.state in (ExecutionState.SUCCEEDED, ExecutionState.FAILED)
    if judged and test.verdict in list(CellStatus):
        return CELL_LOOKS[CellStatus(test.verdict)]
    return EXECUTION_LOOKS[test.state]


test_look.__test__ = False  # type: ignore[attr-defined]  # not a test case


def _row(test: AgentTest, zone: str, now: datetime) -> Mapping[str, Any]:
    words = " ".join(test.input.split())
    return {
        "id": test.execution_id,
        "verdict": look_props(test_look(test)),
        "at": clock_text(test.started_at, zone, now),
        "at_title": moment_text(test.started_at, zone),
        "who": user_type_word(test.user_type),
        "ttft": duration_text(test.ttft_ms),
        "total": duration_text(test.latency_ms),
        "input": words if len(words) <= EXCERPT else words[:EXCERPT] + "…",
    }


def _reply(test: AgentTest, zone: str) -> None:
    look = test_look(test)
    with ui.element("div").classes("ga-reply").props("aria-live=polite"):
        with ui.element("div").classes("gb-row gb-wrap"):
            StatusDot(look.tone, look.shape, look.weight, look.label).classes("t-table t-strong")
            ui.label(moment_text(test.started_at, zone)).classes("t-meta c-faint")
            if test.is_demo:
                ui.label(tr("Demo")).classes("gb-badge gb-badge--line")
            if test.model:
                ui.label(test.model).classes("t-mono c-muted t-clip")
            ui.element("div").classes("gb-grow")
            if test.output:
                copy_button(test.output, tr("Copy the reply"))
            path = f"/executions/{test.execution_id}"
            ui.link(tr("Open the execution"), path).classes("gb-link t-table")
        if reason := _why(test):
            ui.label(reason).classes("t-table t-wrap")
        if test.output:
            ui.label(test.output).classes("ga-output t-mono t-wrap")
        if test.is_output_cut:
            ui.label(tr("Only the beginning is shown; the execution has all of it.")).classes(
                "t-meta c-faint"
            )


def _why(test: AgentTest) -> str:
    if test.verdict in ("", "ok", "not_judged") and not test.error:
        return ""
    return reason_text(test.reason) if test.reason else test.error
