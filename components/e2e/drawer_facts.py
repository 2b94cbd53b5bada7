"""Drawer facts: the reply with the offending place marked, and every id with a copy button."""

from collections.abc import Iterable

from nicegui import ui

from components.e2e.evidence import endpoint_text, prompt_text
from components.e2e.reply_marks import mark_reply
from components.primitives.button import copy_button
from components.primitives.formats import NOTHING, moment_text
from components.primitives.toolbar import Segment
from components.status.checks import dot
from components.status.looks import CELL_LOOKS, NO_CELL, launch_text
from components.status.providers import provider_word
from components.status.reasons import reason_text
from components.words import tr, word
from services.e2e.types import Cell, CellDetail, CellStatus

LEG_WORDS = {
    "signin": word("Sign-in"),
    "gateway": word("Gateway with the demo model"),
    "provider": word("Provider directly"),
}
RETRY_WORDS = {
    "limited_waited_": word("waited {what} after a 429"),
    "token_renewed": word("tried again with a fresh token"),
    "early_": word("tried again after an early failure ({what})"),
}
NOT_ASKED = "not_asked"


def reply_tab(detail: CellDetail) -> None:
    """Draw the reply as plain text, and the last good one beside it on request."""
    holder = ui.element("div").classes("gb-col")

    def draw(which: str) -> None:
        holder.clear()
        with holder:
            if which == "last":
                _text(detail.last_ok_reply, None, is_cut=False)
            else:
                _text(detail.reply_text, offence(detail.cell), is_cut=detail.is_reply_cut)

    if detail.last_ok_reply:
        choices = {"this": tr("This reply"), "last": tr("Last OK")}
        segment = Segment(choices, "this", draw, name=tr("Which reply"))
        segment.move(target_index=0)
        holder.move(target_index=1)
    draw("this")


def offence(cell: Cell) -> int | None:
    """Return where in the reply the first failed check points to; None without a place."""
    return next((c.at for c in cell.checks if c.ok is False and c.at is not None), None)


def _text(text: str, at: int | None, *, is_cut: bool) -> None:
    if not text:
        ui.label(tr("There is no reply text.")).classes("c-muted")
        return
    pieces = mark_reply(text, at)
    with ui.element("div").classes("gb-row gb-spread"):
        note = tr("{n} characters", n=f"{len(text):,}")
        if is_cut:
            note += tr(", cut at 64 KB")
        ui.label(note).classes("t-meta c-faint")
        copy_button(text, tr("Copy the reply"))
    if pieces.here:
        ui.label(tr("Marked in line {n}", n=pieces.line)).classes("t-meta c-tone").props(
            "data-tone=structure"
        )
    with ui.element("pre").classes("gx-reply t-mono").props("tabindex=0"):
        ui.label(pieces.before).classes("gx-piece")
        if pieces.here:
            with ui.element("mark"):
                ui.label(pieces.here).classes("gx-piece")
            ui.label(pieces.after).classes("gx-piece")


def facts_tab(detail: CellDetail, zone: str) -> None:
    """Draw every stored fact; ids can be copied."""
    cell = detail.cell
    with ui.element("dl").classes("gb-facts"):
        for name, value in _plain(detail, zone):
            _fact(name, value)
        for name, value in _ids(cell):
            if value:
                _fact(name, value, is_id=True)
    if cell.legs:
        ui.label(tr("Three-leg check")).classes("t-meta c-muted")
        with ui.element("div").classes("gb-col gap-4"):
            for leg, state in cell.legs.items():
                _leg(leg, state)


def _plain(detail: CellDetail, zone: str) -> Iterable[tuple[str, str]]:
    cell = detail.cell
    yield tr("Judged"), moment_text(cell.at, zone)
    yield tr("Launch"), launch_text(cell.launch_no, detail.launch.trigger)
    yield tr("Asked"), detail.prompt_text
    yield tr("Resolved model"), cell.resolved_model or NOTHING
    yield tr("Provider"), provider_word(cell.provider) or NOTHING
    yield tr("Endpoint"), endpoint_text(cell) or NOTHING
    yield tr("Prompt"), prompt_text(cell) or NOTHING
    yield tr("Result mode"), cell.result_mode_effective or NOTHING
    if cell.repairs:
        yield tr("Repairs"), ", ".join(cell.repairs)
    yield tr("Retries"), ", ".join(map(retry_text, cell.retries)) or tr("none")
    if cell.upstream_status is not None:
        yield tr("HTTP status"), str(cell.upstream_status)
    if cell.error:
        yield tr("Error word"), cell.error


def _ids(cell: Cell) -> Iterable[tuple[str, str]]:
    yield tr("Request id"), cell.request_id
    yield tr("Message id"), cell.message_id
    yield tr("Conversation id"), cell.conversation_id
    yield tr("Run id"), cell.run_id


def retry_text(retry: str) -> str:
    """Return what a retry word means, e.g. `waited 3s after a 429`."""
    for prefix, template in RETRY_WORDS.items():
        if retry.startswith(prefix):
            return tr(template, what=reason_text(retry.removeprefix(prefix)))
    return retry


def _fact(name: str, value: str, *, is_id: bool = False) -> None:
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        ui.label(value).classes("t-mono t-clip gb-grow" if is_id else "t-wrap")
        if is_id:
            copy_button(value, tr("Copy {name}", name=name))


def _leg(leg: str, state: str) -> None:
    is_ok = state == CellStatus.OK
    look = CELL_LOOKS[CellStatus.OK if is_ok else CellStatus.FAILED]
    if state == NOT_ASKED:
        look = NO_CELL
    with ui.element("div").classes("gb-row gb-start"):
        dot(look, show_word=False)
        ui.label(tr(LEG_WORDS.get(leg, leg)))
        said = tr("Not asked") if state == NOT_ASKED else reason_text(state)
        ui.label(look.label if is_ok else said).classes("c-muted t-wrap")
