"""Last test: the newest single conversation as one line, with the ways to it and to the next one."""

from collections.abc import Callable
from functools import partial

from nicegui import ui

from components.primitives.button import button
from components.primitives.formats import age_words, duration_text, epoch_ms, moment_text
from components.primitives.status_dot import Age, StatusDot
from components.status.looks import CELL_LOOKS
from components.status.reasons import short_reason
from components.words import tr
from services.dialogs.types import Dialog
from services.e2e.types import CellStatus

NEW = "/simulator"


def last_test(dialog: Dialog | None, zone: str, go: Callable[[str], object]) -> None:
    """Draw the line; without a conversation it says how to have the first one."""
    with ui.element("div").classes("gb-row gb-wrap ov-last"):
        if dialog is None:
            ui.label(tr("No conversation was tried yet.")).classes("c-muted")
            button(tr("Try one"), partial(go, NEW), icon="forum", small=True)
            return
        look = CELL_LOOKS.get(dialog.status, CELL_LOOKS[CellStatus.NOT_RUN])
        StatusDot(look.tone, look.shape, look.weight, look.label)
        ui.label(dialog.request.model).classes("t-strong t-clip")
        ui.label(" ".join(dialog.request.message[:80].split())).classes("c-muted t-clip gb-grow")
        ui.label(_facts(dialog)).classes("t-meta c-muted")
        Age(
            epoch_ms(dialog.created_at), age_words(), title=moment_text(dialog.created_at, zone)
        ).classes("t-meta c-faint")
        path = f"/simulator/chat/{dialog.dialog_id}"
        if dialog.is_open:
            path = f"/simulator?turn={dialog.dialog_id}"
        ui.link(tr("Open"), path).classes("gb-link t-meta").mark("last-test")


def _facts(dialog: Dialog) -> str:
    if dialog.error:
        return short_reason(dialog.error)
    return (
        f"TTFT {duration_text(dialog.timings.ttft_ms)} · {duration_text(dialog.timings.total_ms)}"
    )
