"""Probe control: look at every endpoint, with progress and cancel while that goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.words import tr
from services.executions.types import Execution


@dataclass(frozen=True, slots=True)
class ProbeCalls:
    """What the page does."""

    start: Callable[[], Any]
    cancel: Callable[[str], Any]  # gets the execution's id


class ProbeControl(ui.element):
    """A button, or how far the probe is."""

    def __init__(self, calls: ProbeCalls) -> None:
        """Start as the button."""
        super().__init__("div")
        self.classes("gb-row")
        self._calls = calls
        self._execution_id = ""
        with self:
            self._start = button(tr("Probe all"), calls.start, icon="network_check", acts=True)
            with ui.element("div").classes("mo-progress gb-hide").props("role=status") as self._box:
                self._words = ui.label("")
                with ui.element("div").classes("mo-progress__track"):
                    self._fill = ui.element("i")
                self._cancel = button(tr("Cancel"), self._stop, small=True, kind="danger")

    def show(self, running: Execution | None) -> None:
        """Show the probe that runs, or the button."""
        is_on = running is not None
        self._start.classes(add="gb-hide" if is_on else "", remove="" if is_on else "gb-hide")
        self._box.classes(add="" if is_on else "gb-hide", remove="gb-hide" if is_on else "")
        self._execution_id = running.execution_id if running is not None else ""
        if running is None:
            return
        share = 100 * running.done / running.total if running.total else 0
        self._words.set_text(tr("Probe {done}/{total}", done=running.done, total=running.total))
        self._fill.style(f"width:{share:.1f}%")
        self._cancel.set_enabled(not running.is_cancelling)

    def _stop(self) -> Any:
        self._cancel.set_enabled(False)
        return self._calls.cancel(self._execution_id) if self._execution_id else None
