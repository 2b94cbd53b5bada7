"""Waiting: every change that has not arrived at Supabase, why, and what can be done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.formats import age_words, epoch_ms
from components.primitives.status_dot import Age, StatusDot
from components.status.looks import Look
from components.sync.words import PUSH_WORDS
from components.words import sentence, tr, trn, word
from services.outbox.types import Entry, Op, OutboxState

SHOWN = 100
_LOOKS: Mapping[OutboxState, Look] = {
    OutboxState.WAITING: Look("pending", "clock", "plain", word("Waiting")),
    OutboxState.CONFLICT: Look("structure", "bang", "solid", word("Conflict")),
    OutboxState.DEAD: Look("failed", "cross", "solid", word("Refused")),
}


@dataclass(frozen=True, slots=True)
class WaitingCalls:
    """What the page does with one of them."""

    retry: Callable[[Entry], Any]
    discard: Callable[[Entry], Any]


class WaitingList(ui.element):
    """The oldest first; those beyond a hundred are counted."""

    def __init__(self, calls: WaitingCalls) -> None:
        """Start empty."""
        super().__init__("div")
        self.classes("gb-col")
        self._calls = calls

    def show(self, entries: Sequence[Entry], total: int) -> None:
        """Show what waits now."""
        self.clear()
        with self:
            with ui.element("ul").classes("sy-list"):
                for entry in entries[:SHOWN]:
                    self._line(entry)
            if total > SHOWN:
                ui.label(trn("and {n} more", "and {n} more", total - SHOWN)).classes("c-faint")

    def _line(self, entry: Entry) -> None:
        look = _LOOKS[entry.state]
        kind = tr(PUSH_WORDS[entry.kind]) if entry.kind in PUSH_WORDS else entry.kind
        with ui.element("li"):
            with ui.element("div").classes("gb-col gap-4"):
                with ui.element("div").classes("gb-row gb-wrap"):
                    StatusDot(look.tone, look.shape, look.weight, look.label)
                    ui.label(entry.title or entry.key).classes("t-strong t-clip")
                    ui.label(kind).classes("gb-badge gb-badge--line")
                    if entry.op is Op.DELETE:
                        ui.label(tr("Delete")).classes("gb-badge gb-badge--line")
                    with ui.element("span").classes("c-faint t-meta"):
                        Age(epoch_ms(entry.created_at), age_words())
                if entry.reason is not None:
                    ui.label(sentence(entry.reason)).classes("c-muted t-wrap")
            with ui.element("div").classes("gb-row"):
                if entry.state is OutboxState.DEAD:
                    button(tr("Try again"), lambda: self._calls.retry(entry), small=True, acts=True)
                button(
                    tr("Give up"),
                    lambda: self._calls.discard(entry),
                    kind="danger",
                    small=True,
                    acts=True,
                )
