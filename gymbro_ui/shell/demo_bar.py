"""Demo bar: one line above every page while demo data is in the store."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.live import on_batch
from components.primitives.banner import banner
from components.words import tr
from gymbro_ui import demo_view

if TYPE_CHECKING:
    from services.console import Console


class DemoBar(ui.element):
    """Says whether what one sees is made up, and leads in, out and rid of it."""

    def __init__(self, console: "Console") -> None:
        """Show the present state and follow it."""
        super().__init__("div")
        self.classes("gb-notices").mark("demo-bar")
        self._console = console
        self._has_shown = False  # the demo data was what the pages showed
        self._acts = demo_view.DemoActs(console)
        on_batch(console.first_run.demo.changed, lambda _: self._changed())
        self._show()

    def _changed(self) -> None:
        """Draw the pages anew where what they show went away under them."""
        if self._has_shown and not demo_view.is_shown(self._console):
            ui.navigate.reload()
        else:
            self._show()

    def _show(self) -> None:
        data = self._console.first_run.demo.data
        is_shown = demo_view.is_shown(self._console)
        self.clear()
        self.set_visibility(data is not None)
        self._has_shown = is_shown
        if data is None:
            return
        text = (
            tr("Demo data: Overview and E2E records show a service that never was.")
            if is_shown
            else tr("Demo data is in this console; its rows are marked Demo and count nowhere.")
        )
        with self, banner(text, tone="limited" if is_shown else "none", symbol="science"):
            if data.is_whole:
                self._acts.draw_switch()
            self._acts.draw_remove()
