"""Progress of a sync that runs, with cancel."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.primitives.button import button
from components.words import tr
from services.executions.types import Execution


class SyncProgress(ui.element):
    """Hidden while nothing runs."""

    def __init__(self, cancel: Callable[[str], Any]) -> None:
        """`cancel` gets the execution's id."""
        super().__init__("div")
        self.classes("sy-progress gb-hide").props("role=status")
        self._execution_id = ""
        with self:
            self._words = ui.label("")
            with ui.element("div").classes("sy-progress__track"):
                self._fill = ui.element("i")
            self._cancel = button(
                tr("Cancel"),
                lambda: cancel(self._execution_id),
                small=True,
                kind="danger",
                acts=True,
            )

    def show(self, running: Execution | None) -> None:
        """Show the sync that runs, or nothing."""
        is_on = running is not None
        self.classes(add="" if is_on else "gb-hide", remove="gb-hide" if is_on else "")
        self._execution_id = running.execution_id if running is not None else ""
        if running is None:
            return
        share = 100 * running.done / running.total if running.total else 0
        self._words.set_text(
            tr("Sending {done}/{total}", done=running.done, total=running.total)
            if running.total
            else tr("Syncing")
        )
        self._fill.style(f"width:{share:.1f}%")
        self._cancel.set_enabled(not running.is_cancelling)
