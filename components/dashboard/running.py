"""Running now: every execution under way with progress and cancel, or what one could start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.primitives.formats import age_words, epoch_ms
from components.primitives.status_dot import Age, StatusDot
from components.status.looks import EXECUTION_LOOKS
from components.words import tr
from services.executions.types import Execution

MOST = 3


@dataclass(frozen=True, slots=True)
class RunningCalls:
    """What the page does."""

    start: Callable[[], Any]
    cancel: Callable[[str], Any]  # execution id


class RunningNow(ui.element):
    """A short list; it is drawn anew only when other executions run."""

    def __init__(self, calls: RunningCalls) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self.classes("gb-col gap-4")
        self._calls = calls
        self._key: tuple[object, ...] | None = None
        self._texts: dict[str, tuple[ui.label, ui.element]] = {}

    def show(self, running: Sequence[Execution], conversations: int) -> None:
        """Show the executions, or the button that starts an E2E of so many conversations."""
        key = (conversations, *((one.execution_id, one.is_cancelling) for one in running))
        if key != self._key:
            self._key = key
            self._draw(running, conversations)
        for one in running[:MOST]:
            self._progress(one)

    def _draw(self, running: Sequence[Execution], conversations: int) -> None:
        self.clear()
        self._texts.clear()
        with self:
            if not running:
                self._nothing(conversations)
            for one in running[:MOST]:
                self._row(one)
            if len(running) > MOST:
                ui.label(tr("and {n} more", n=len(running) - MOST)).classes("t-meta c-faint")

    def _nothing(self, conversations: int) -> None:
        ui.label(tr("Nothing is running.")).classes("c-muted")
        if conversations:
            text = tr("Run E2E · {n} conversations", n=conversations)
            button(text, self._calls.start, icon="play_arrow", small=True, acts=True).classes(
                "ov-fit"
            )

    def _row(self, one: Execution) -> None:
        look = EXECUTION_LOOKS[one.status]
        with ui.element("div").classes("ov-run"):
            StatusDot(look.tone, look.shape, look.weight, look.label, show_word=False)
            with ui.element("div").classes("ov-run__what"):
                ui.label(tr(one.label)).classes("t-strong t-clip")
                with ui.element("div").classes("gb-row t-meta"):
                    text = ui.label("").classes("c-muted")
                    Age(epoch_ms(one.started_at), age_words()).classes("c-faint t-clip")
            name = tr("Cancelling …") if one.is_cancelling else tr("Cancel")
            stop = button(name, partial(self._stop, one.execution_id), small=True, acts=True)
            stop.set_enabled(not one.is_cancelling)
            with ui.element("div").classes("ov-run__track"):
                fill = ui.element("i")
        self._texts[one.execution_id] = (text, fill)

    def _stop(self, execution_id: str, _event: object = None) -> Any:
        return self._calls.cancel(execution_id)

    def _progress(self, one: Execution) -> None:
        text, fill = self._texts[one.execution_id]
        starting = tr("Starting") if one.execution_type == "e2e" else ""
        known = tr("{done} of {total}", done=one.done, total=one.total)
        text.set_text(known if one.total else starting)
        fill.style(f"width:{100 * one.done / one.total if one.total else 0:.1f}%")
