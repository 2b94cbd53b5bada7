"""Load tests: start one, find and compare those that were kept, one page for each."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.loadtest.compare import render_compare
from gymbro_ui.pages.loadtest.page import LoadPage
from gymbro_ui.pages.loadtest.run import render_one

if TYPE_CHECKING:
    from services.console import Console

__all__ = ["render", "render_compare", "render_one"]


async def render(console: "Console") -> None:
    """Draw form and list at once and fill the list when it is read."""
    page = LoadPage(console)
    page.draw()
    await page.load()
