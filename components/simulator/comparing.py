"""Comparing: two turns on one page: settings and timings with their change, checks, reply word by word."""

from collections.abc import Sequence

from nicegui import ui

from components.primitives.card import card
from components.primitives.formats import NOTHING, clock_text, duration_text
from components.prompts.diff_view import DiffView
from components.simulator.timings import setting_pairs, timing_pairs
from components.simulator.words import look_of
from components.status.checks import check_word, dot
from components.words import tr
from services.dialogs.types import Dialog, DialogComparison

_SIGNS = {True: "✓", False: "✕", None: "–"}


def compare_view(found: DialogComparison, zone: str) -> None:
    """Draw both turns side by side."""
    pair = (found.before, found.after)
    with card(tr("Verdict and timings"), tight=True), _table(pair, zone):
        with ui.element("tr"):
            _name(tr("Verdict"))
            for one in pair:
                with ui.element("td"):
                    dot(look_of(one))
            _cell("")
        _timings(found)
        _checks(pair)
    with card(tr("How they were sent"), tight=True), _table(pair, zone):
        _settings(pair)
    title = tr("Reply: what the second one took away and added")
    with card(title):
        if found.reply.is_same:
            ui.label(tr("Both replies are the same.")).classes("c-muted")
        else:
            DiffView(found.reply, title)


def change_text(before: float | None, after: float | None) -> str:
    """Return the change in per cent, such as +12 %; a dash where there is nothing to compare."""
    if before is None or after is None or before <= 0:
        return NOTHING
    return f"{100 * (after - before) / before:+.0f} %"


def _table(pair: Sequence[Dialog], zone: str) -> ui.element:
    with ui.element("table").classes("gx-compare si-compare"):
        with ui.element("thead"), ui.element("tr"):
            _head("")
            for one in pair:
                _head(f"{one.request.model} · {clock_text(one.created_at, zone)}")
            _head(tr("Difference"))
        return ui.element("tbody")


def _timings(found: DialogComparison) -> None:
    befores, afters = timing_pairs(found.before.timings), timing_pairs(found.after.timings)
    for (name, before), (_, after) in zip(befores, afters, strict=True):
        with ui.element("tr"):
            _name(name)
            for value in (before, after):
                _cell(duration_text(value), end=True)
            _cell(change_text(before, after), end=True)


def _checks(pair: Sequence[Dialog]) -> None:
    found = [{check.name: check for check in one.checks} for one in pair]
    for name in dict.fromkeys([*found[0], *found[1]]):
        marks = [_SIGNS[side[name].ok] if name in side else NOTHING for side in found]
        with ui.element("tr") as row:
            row.props["data-changed"] = "true" if marks[0] != marks[1] else "false"
            _name(check_word(name))
            for mark in marks:
                _cell(mark, end=True)
            _cell("")


def _settings(pair: Sequence[Dialog]) -> None:
    first, second = (dict(setting_pairs(one)) for one in pair)
    for name in dict.fromkeys([*first, *second]):
        values = (first.get(name, NOTHING), second.get(name, NOTHING))
        with ui.element("tr") as row:
            row.props["data-changed"] = "true" if values[0] != values[1] else "false"
            _name(name)
            for value in values:
                _cell(value)
            _cell(tr("differs") if values[0] != values[1] else "")


def _head(text: str) -> None:
    with ui.element("th").props("scope=col"):
        ui.label(text)


def _name(text: str) -> None:
    with ui.element("th").props("scope=row"):
        ui.label(text)


def _cell(text: str, *, end: bool = False) -> None:
    with ui.element("td").classes("si-end" if end else ""):
        ui.label(text)
