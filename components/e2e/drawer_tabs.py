"""Drawer tabs: compare with the last OK, checks, timing; values in, elements out."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.e2e.compare import (
    Difference,
    differences,
    first_differing_check,
    what_changed,
)
from components.e2e.undo import Undo, undo_row, undos
from components.e2e.waterfall import Bar, bars, total_ms
from components.primitives.formats import clock_text, duration_text
from components.status.checks import check_line
from components.words import tr
from services.e2e.types import Cell, CellDetail, CellStatus

_FINE = (CellStatus.OK, CellStatus.RUNNING, CellStatus.PENDING)


def compare_tab(detail: CellDetail, zone: str, on_undo: Callable[[Undo], Any]) -> None:
    """Draw what differs from the newest good cell before this one, and what can be taken back."""
    last_ok = detail.last_ok
    if last_ok is None:
        ui.label(tr("There is no earlier OK of this model and user type to compare with.")).classes(
            "c-muted"
        )
        return
    found = differences(last_ok, detail.cell)
    ui.label(what_changed(found)).classes("t-strong")
    if (can_undo := undos(detail)) and detail.cell.status not in _FINE:
        undo_row(can_undo, on_undo)
    with ui.element("table").classes("gx-compare"):
        with ui.element("thead"), ui.element("tr"):
            _head("")
            _head(tr("Last OK {at}", at=clock_text(last_ok.at, zone)))
            _head(tr("Now"))
        with ui.element("tbody"):
            for one in found:
                _compared(one)
    check = first_differing_check(last_ok, detail.cell)
    if check is not None:
        ui.label(tr("First check that differs")).classes("t-meta c-muted")
        check_line(check)


def _head(text: str) -> None:
    with ui.element("th").props("scope=col"):
        ui.label(text)


def _compared(one: Difference) -> None:
    with ui.element("tr").props(f"data-changed={'true' if one.is_changed else 'false'}"):
        with ui.element("th").props("scope=row"):
            ui.label(tr(one.name))
        for text in (one.before, one.now):
            with ui.element("td"):
                ui.label(text)


def checks_tab(cell: Cell) -> None:
    """Draw every check with what was expected and found, failed ones first."""
    if not cell.checks:
        ui.label(tr("No reply came, so there was nothing to check.")).classes("c-muted")
        return
    for check in sorted(cell.checks, key=lambda check: check.ok is not False):
        check_line(check)
    if cell.strict_reasons:
        ui.label(tr("Strict remarks (not counted)")).classes("t-meta c-muted")
        for reason in cell.strict_reasons:
            ui.label(reason).classes("t-mono c-muted")


def timing_tab(cell: Cell) -> None:
    """Draw the stages as a waterfall on one axis."""
    made = bars(cell)
    if not made:
        ui.label(tr("Nothing was measured: the call was not made.")).classes("c-muted")
        return
    whole = total_ms(made)
    with ui.element("div").classes("gx-falls").props("role=list"):
        for bar in made:
            _fall(bar, whole)
    ui.label(
        tr("Sign-in is shared by all models of a run and not part of the total.")
        if cell.signin_ms is not None
        else tr("The token was reused; sign-in is not part of this run.")
    ).classes("t-meta c-faint")


def _fall(bar: Bar, whole: int) -> None:
    with ui.element("div").classes("gx-fall").props("role=listitem"):
        ui.label(tr(bar.name)).classes("gx-fall__name t-clip")
        with ui.element("div").classes("gx-fall__track"):
            left, width = 100 * bar.start_ms / whole, 100 * bar.length_ms / whole
            ui.element("i").style(f"left:{left:.2f}%;width:max(2px,{width:.2f}%)")
        ui.label(duration_text(bar.length_ms)).classes("gx-fall__time")
