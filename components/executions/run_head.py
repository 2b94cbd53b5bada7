"""Run head: what it is, its state, how far it is, and what one can do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.executions.ladder import Ladder
from components.executions.rows import Kinds, kind_icon, kind_label, note_text, progress_text
from components.primitives.button import button, icon
from components.primitives.formats import age_words, epoch_ms
from components.primitives.status_dot import Age, StatusDot
from components.primitives.toolbar import spacer
from components.status.demo import demo_badge
from components.status.looks import EXECUTION_LOOKS
from components.words import tr
from services.executions.types import Execution, ExecutionState


@dataclass(frozen=True, slots=True)
class HeadCalls:
    """What the page does."""

    cancel: Callable[[], Any]
    again: Callable[[], Any]
    tools: Callable[[], Any]  # draws what stands beside the two


class RunHead(ui.element):
    """The card at the top of a run's page; lit while it runs."""

    def __init__(self, one: Execution, kinds: Kinds, calls: HeadCalls) -> None:
        """Draw it for this run."""
        super().__init__("section")
        self.classes("gb-card ex-head")
        look = EXECUTION_LOOKS[one.status]
        label = kind_label(one, kinds)
        self.props["aria-label"] = label
        self._can_repeat = one.execution_type in kinds and one.parent_id is None and not one.is_demo
        with self:
            with ui.element("div").classes("ex-head__row"):
                icon(kind_icon(one, kinds)).classes("c-faint")
                with ui.element("h1").classes("t-page t-clip"):
                    ui.label(f"{label} · {one.subject}" if one.subject else label).classes("t-clip")
                self._state = StatusDot(look.tone, look.shape, look.weight, look.label)
                if one.is_demo:
                    demo_badge()
                self._since = ui.label("").classes("c-faint t-meta")
                self._age = Age(None, age_words()).classes("c-faint t-meta")
                spacer()
                calls.tools()
                self._again = button(tr("Run again"), calls.again, icon="replay", acts=True)
                self._cancel = button(
                    tr("Cancel"), calls.cancel, kind="danger", icon="stop_circle", acts=True
                )
            with ui.element("div").classes("ex-head__row") as self._middle:
                with ui.element("div").classes("ex-track"):
                    self._fill = ui.element("i")
                self._note = ui.label("").classes("c-muted")
            self._ladder = Ladder()
        self.show(one)

    def show(self, one: Execution) -> None:
        """Show its present state."""
        look = EXECUTION_LOOKS[one.status]
        is_open = not one.status.is_final
        is_running = one.status is ExecutionState.RUNNING
        self.props["data-tone"] = look.tone
        self.props["data-state"] = str(one.status)
        self.props["data-lit"] = "true" if is_running else "false"
        self.update()
        self._state.show(look.tone, look.shape, look.weight, look.label)
        ran = one.finished_at or one.started_at
        words = (tr("Created"), tr("Started"), tr("Ended"))
        self._since.set_text(words[bool(ran) + bool(one.finished_at)])
        self._age.count_from(epoch_ms(one.finished_at or one.started_at or one.created_at))
        self._cancel.set_visibility(is_open)
        self._cancel.set_enabled(not one.is_cancelling)
        self._again.set_visibility(not is_open and self._can_repeat)
        self._show_progress(one, is_open=is_open)
        self._ladder.show(one)

    def _show_progress(self, one: Execution, *, is_open: bool) -> None:
        share = one.done / one.total if one.total else 0.0
        self._fill.style(f"transform:scaleX({max(0.0, min(1.0, share)):.4f})")
        self._middle.props["data-known"] = "true" if one.total and is_open else "false"
        self._middle.update()
        parts = [progress_text(one)] if one.total else []
        if note := note_text(one):
            parts.append(note)
        self._note.set_text(" · ".join(parts))
        self._middle.set_visibility(bool(parts))
