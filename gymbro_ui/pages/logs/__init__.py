"""Logs: the lines of this console as they come, with filters, downloads and the way to a run."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.logs.page import LogsPage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the page at once, then read the newest lines of the files."""
    page = LogsPage(console)
    page.draw()
    await page.load()
