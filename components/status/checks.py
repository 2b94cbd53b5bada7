"""Checks: one check of a reply as a line: its verdict, its reason, what was expected and found."""

from collections.abc import Mapping

from nicegui import ui

from components.primitives.status_dot import StatusDot
from components.status.looks import CELL_LOOKS, NO_CELL, Look
from components.status.reasons import reason_text
from components.words import tr, word
from services.e2e.types import CellStatus, CheckResult

CHECK_WORDS: Mapping[str, str] = {
    "completed": word("Ended with completed"),
    "reply_length": word("Text in the reply"),
    "sequence": word("No gap in seq"),
    "thinkingml": word("ThinkingML structure"),
    "jsonseq": word("JSONSeq structure"),
    "latency": word("Time to the reply"),
    "protocol": word("The expected output protocol"),
}
_PASSED = CELL_LOOKS[CellStatus.OK]
_REFUSED = CELL_LOOKS[CellStatus.FAILED]


def check_word(name: str) -> str:
    """Return what a check asks, in the page's language; an unknown one keeps its name."""
    return tr(CHECK_WORDS.get(name, name))


def check_line(check: CheckResult) -> None:
    """Draw one check."""
    with ui.element("div").classes("gx-check"):
        dot(_check_look(check), show_word=False)
        with ui.element("div").classes("gb-col gap-0 gb-grow"):
            with ui.element("div").classes("gb-row gb-spread"):
                ui.label(check_word(check.name)).classes("t-strong")
                ui.label(_check_word(check)).classes("t-meta c-muted")
            if check.ok is False:
                ui.label(reason_text(check.reason)).classes("t-wrap")
            if check.ok is True and not _is_slow(check):
                _found(check)
            else:
                _expected(check)


def _found(check: CheckResult) -> None:
    """Say in one line what a good reply showed."""
    parts = (tr(value) for value in (check.actual, check.expected) if value)
    ui.label(" · ".join(dict.fromkeys(parts))).classes("t-mono c-faint t-wrap")


def _is_slow(check: CheckResult) -> bool:
    return check.ok is True and check.reason not in ("ok", "")


def _check_look(check: CheckResult) -> Look:
    if _is_slow(check):
        return CELL_LOOKS[CellStatus.SLOW]
    return {True: _PASSED, False: _REFUSED, None: NO_CELL}[check.ok]


def _check_word(check: CheckResult) -> str:
    if check.ok is None:
        return tr("Not judged")
    if _is_slow(check):
        return CELL_LOOKS[CellStatus.SLOW].label
    return tr("Passed") if check.ok else tr("Not passed")


def _expected(check: CheckResult) -> None:
    with ui.element("div").classes("gx-expected"):
        for name, value in ((tr("Expected"), check.expected), (tr("Got"), check.actual)):
            ui.label(name).classes("t-meta c-faint")
            # The service stores English texts that are keys of the catalogues where they are ours.
            ui.label(tr(value)).classes("t-mono t-wrap")


def dot(look: Look, *, show_word: bool = True) -> StatusDot:
    """Return the glyph of a look."""
    return StatusDot(look.tone, look.shape, look.weight, look.label, show_word=show_word)
