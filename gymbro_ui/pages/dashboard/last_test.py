"""Last test: the Overview's line of the newest single conversation, live."""

from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from components.dashboard.last_test import last_test
from components.live import on_batch
from components.primitives.skeleton import skeleton
from components.words import sentence
from services.dialogs.types import Dialog
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console


class LastTest:
    """Fills the present slot; it is read when the page is there."""

    def __init__(self, console: "Console") -> None:
        """Draw the place and follow what ends."""
        self._console = console
        self._box = ui.element("div")
        with self._box:
            skeleton("50%", "20px")
        on_batch(console.dialogs.finished, self._ended, every_s=0.5)
        background_tasks.create(self._load(), name="last conversation")

    async def _load(self) -> None:
        try:
            newest = await self._console.dialogs.newest()
        except ConsoleError as error:
            self._say(error)
            return
        self._show(newest)

    def _ended(self, dialogs: list[Dialog]) -> None:
        self._show(dialogs[-1])

    def _show(self, dialog: Dialog | None) -> None:
        if self._box.is_deleted:
            return
        self._box.clear()
        with self._box:
            last_test(dialog, self._console.schedules.view().zone, ui.navigate.to)

    def _say(self, error: ConsoleError) -> None:
        if not self._box.is_deleted:
            self._box.clear()
            with self._box:
                ui.label(sentence(error.message)).classes("c-muted")
