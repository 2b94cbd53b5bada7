"""Log tab: what our gateway's conversation log keeps of the message a cell asked."""

from collections.abc import Iterable

from nicegui import ui

from components.primitives.formats import NOTHING, duration_text, moment_text
from components.status.reasons import reason_text
from components.words import tr
from services.gateway.types import StoredLog


def log_tab(log: StoredLog | None, zone: str) -> None:
    """Draw request, prompt facts, reply, status and latency, or why there is nothing."""
    if log is None:
        ui.label(
            tr(
                "No log of this message is kept here: another server answered it, saving the"
                " history was off, or its time is over."
            )
        ).classes("c-muted t-wrap")
        return
    with ui.element("dl").classes("gb-facts"):
        for name, value in _facts(log, zone):
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value).classes("t-wrap")
    for title, text in ((tr("Asked"), log.asked), (tr("Reply"), log.reply)):
        ui.label(title).classes("t-meta c-muted")
        with ui.element("pre").classes("gx-reply t-mono").props("tabindex=0"):
            ui.label(text or NOTHING).classes("gx-piece")


def _facts(log: StoredLog, zone: str) -> Iterable[tuple[str, str]]:
    yield tr("Status"), tr("Finished") if log.status == "completed" else tr("Failed")
    if log.error:
        yield tr("Reason"), reason_text(log.error)
    yield tr("Latency"), duration_text(log.latency_ms)
    yield tr("Resolved model"), log.model or NOTHING
    yield tr("Saved"), moment_text(log.created_at, zone)
    for name, value in log.prompt.items():
        yield name, str(value)
