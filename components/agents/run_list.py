"""Runs of a workflow: state, time and steps of each; a picked one is shown step by step."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nicegui import ui

from components.agents.stepper import good_text
from components.primitives.data_table import Column, DataTable
from components.primitives.formats import NOTHING, clock_text, duration_text, moment_text
from components.status.looks import EXECUTION_LOOKS, look_props
from components.words import tr
from services.workflows.types import WorkflowRun


class RunList(ui.element):
    """The newest runs, newest first."""

    def __init__(self, on_open: Callable[[str], Any], zone: Callable[[], str]) -> None:
        """Start empty; `on_open` hears the execution id of a row that was picked."""
        super().__init__("div")
        self._zone = zone
        with self:
            columns = (
                Column("state", tr("State"), kind="look", width="140px"),
                Column("at", tr("Started"), width="120px"),
                Column("took", tr("Took"), end=True, width="96px"),
                Column("steps", tr("Steps"), end=True, width="72px"),
                Column("error", tr("Reason")),
            )
            self._table = DataTable(
                columns, [], name=tr("Runs"), none=tr("Not run yet"), on_open=on_open, compact=True
            )

    def show(self, runs: Sequence[WorkflowRun], now: datetime) -> None:
        """Replace the rows."""
        zone = self._zone()
        self._table.show([_row(run, zone, now) for run in runs])


def _row(run: WorkflowRun, zone: str, now: datetime) -> Mapping[str, Any]:
    took = NOTHING
    if run.started_at is not None and run.finished_at is not None:
        took = duration_text((run.finished_at - run.started_at).total_seconds() * 1000)
    return {
        "id": run.execution_id,
        "state": look_props(EXECUTION_LOOKS[run.state]),
        "at": clock_text(run.started_at, zone, now),
        "at_title": moment_text(run.started_at, zone),
        "took": took,
        "steps": good_text(run.steps) if run.steps else NOTHING,
        "error": run.error or NOTHING,
        "error_title": run.error,
    }
