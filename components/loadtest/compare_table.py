"""Compare table: figures of two to four runs side by side, each change with its word."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from components.loadtest.words import (
    FIELD_WORDS,
    METRIC_WORDS,
    TREND_LOOKS,
    change_text,
    run_title,
    state_look,
    value_text,
)
from components.primitives.formats import clock_text, moment_text
from components.primitives.status_dot import StatusDot
from components.words import tr
from services.load_history.types import Change, Comparison, Measure
from services.loadtest.types import LoadRun

LETTERS = "ABCD"


def compare_table(found: Comparison, zone: str, path: str) -> ui.element:
    """Draw the table; the head of each column leads to its run under `path`."""
    with (
        ui.element("div").classes("lt-compare") as box,
        ui.element("table").classes("gb-table") as table,
    ):
        table.props["aria-label"] = tr("Comparison")
        with ui.element("thead"), ui.element("tr"):
            _cell("th", "")
            for index, run in enumerate(found.runs):
                with ui.element("th").props("scope=col"):
                    _head(run, LETTERS[index], path, zone, is_base=index == found.base)
        with ui.element("tbody"):
            _limits_row(found.runs)
            for measure in found.measures:
                _measure_row(measure)
    return box


def _head(run: LoadRun, letter: str, path: str, zone: str, *, is_base: bool) -> None:
    look = state_look(run.state)
    with ui.element("div").classes("lt-compare__head"):
        with ui.element("div").classes("gb-row"):
            ui.label(letter).classes("gb-badge gb-badge--ink")
            StatusDot(look.tone, look.shape, look.weight, look.label)
            if run.baseline:
                ui.label(tr("Baseline")).classes("gb-badge").props["data-tone"] = "running"
            elif is_base:
                ui.label(tr("compared with")).classes("gb-badge gb-badge--line")
        ui.link(run_title(run), f"{path}/{run.run_id}").classes("gb-link t-strong t-wrap")
        at = ui.label(clock_text(run.created_at, zone)).classes("t-meta c-faint")
        at.props["title"] = moment_text(run.created_at, zone)


def _limits_row(runs: Sequence[LoadRun]) -> None:
    with ui.element("tr"):
        _cell("th", tr("Thresholds"), scope=True)
        for run in runs:
            with ui.element("td"):
                held = [
                    one for one in (run.summary.thresholds if run.summary else ()) if one.is_held
                ]
                count = len(run.summary.thresholds) if run.summary else 0
                if not count:
                    ui.label(tr("not judged")).classes("c-faint")
                else:
                    text = tr("{n} of {total} held", n=len(held), total=count)
                    good = len(held) == count
                    StatusDot("ok" if good else "failed", "tick" if good else "cross",
                              "tint" if good else "solid", text)  # fmt: skip


def _measure_row(measure: Measure) -> None:
    with ui.element("tr"):
        _cell("th", tr(METRIC_WORDS.get(measure.key, measure.key)), scope=True)
        for value, change in zip(measure.values, measure.changes, strict=True):
            with ui.element("td"):
                ui.label(value_text(value, measure.unit)).classes("t-strong")
                if change is not None and value is not None:
                    _change(change)


def _change(change: Change) -> None:
    look = TREND_LOOKS[change.trend]
    StatusDot(look.tone, look.shape, look.weight, change_text(change)).classes("t-meta")


def _cell(tag: str, text: str, *, scope: bool = False) -> Any:
    cell = ui.element(tag)
    if scope:
        cell.props("scope=row")
    with cell:
        ui.label(text)
    return cell


def differences_text(found: Comparison) -> str:
    """Return in which fields of the plan the runs differ; empty when they are alike."""
    names = [tr(FIELD_WORDS.get(name, name)) for name in found.differences]
    return tr(", ").join(names)
