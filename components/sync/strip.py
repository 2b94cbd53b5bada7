"""Strip: whether Supabase answers, when both sides last agreed, and what waits for it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nicegui import ui

from components.primitives.formats import age_words, epoch_ms, moment_text
from components.primitives.status_dot import Age, StatusDot
from components.sync.words import LINK_LOOKS
from components.theme.apply import add_sheet
from components.words import sentence, tr, trn
from services.foundation.messages import Message
from services.outbox.types import OutboxView
from services.supabase.types import Link, SupabaseView

add_sheet(Path(__file__).with_name("sync.css"))


@dataclass(frozen=True, slots=True)
class StripFacts:
    """What the strip shows."""

    supabase: SupabaseView
    outbox: OutboxView
    synced_at: datetime | None
    zone: str


class SyncStrip(ui.element):
    """Three parts side by side."""

    def __init__(self, facts: StripFacts) -> None:
        """Draw the parts."""
        super().__init__("div")
        self.classes("sy-strip").props("role=status")
        with self:
            with _part(tr("Supabase")):
                look = LINK_LOOKS[Link.UNKNOWN]
                self._link = StatusDot(look.tone, look.shape, look.weight, look.label)
                self._link_note = ui.label("").classes("t-meta c-muted t-clip")
            with _part(tr("Last agreed")):
                with ui.element("div").classes("t-body"):
                    self._age = Age(None, age_words())
                self._project = ui.label("").classes("t-meta c-muted t-clip t-mono")
            with _part(tr("Waiting to be written there")):
                with ui.element("div").classes("gb-row gb-wrap"):
                    self._waiting = ui.label("").classes("t-body")
                    with ui.element("span").classes("c-faint t-meta gb-row") as self._oldest:
                        ui.label(tr("the oldest"))
                        self._since = Age(None, age_words())
                self._why = ui.label("").classes("t-meta c-muted t-wrap")
        self.show(facts)

    def show(self, facts: StripFacts) -> None:
        """Show the present state."""
        view = facts.supabase
        look = LINK_LOOKS[view.link]
        self._link.show(look.tone, look.shape, look.weight, look.label)
        note = sentence(Message(view.detail, view.detail_params)) if view.detail else ""
        if not note and view.latency_ms is not None:
            note = f"{view.latency_ms} ms"
        self._link_note.set_text(note)
        self._link_note.props["title"] = note
        self._age.count_from(epoch_ms(facts.synced_at), moment_text(facts.synced_at, facts.zone))
        self._project.set_text(view.url or tr("No project"))
        self._waiting.set_text(outbox_text(facts.outbox))
        self._why.set_text(outbox_reason(facts.outbox))
        oldest = facts.outbox.oldest_at
        self._oldest.set_visibility(oldest is not None)
        self._since.count_from(epoch_ms(oldest), moment_text(oldest, facts.zone))


def outbox_text(view: OutboxView) -> str:
    """Return how much waits, and how much of it needs somebody."""
    if not view.count:
        return tr("Nothing")
    parts = [trn("{n} change", "{n} changes", view.waiting)] if view.waiting else []
    if view.conflicts:
        parts.append(trn("{n} conflict", "{n} conflicts", view.conflicts))
    if view.dead:
        parts.append(trn("{n} refused", "{n} refused", view.dead))
    return " · ".join(parts)


def outbox_reason(view: OutboxView) -> str:
    """Return why it waits; empty while it goes by itself."""
    if view.stopped:
        return sentence(next(iter(view.stopped.values())))
    if view.reason is not None and view.waiting:
        return sentence(view.reason)
    if view.total:
        return tr("Sending {done}/{total}", done=view.done, total=view.total)
    return ""


def _part(name: str) -> ui.element:
    with ui.element("div").classes("sy-strip__part") as part:
        ui.label(name).classes("sy-strip__name")
    return part
