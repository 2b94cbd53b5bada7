"""Agents & workflows: what is kept under a name, tried and run in the background."""

from typing import TYPE_CHECKING

from gymbro_ui.asked import when_asked_for_new
from gymbro_ui.pages.agents.page import AgentsPage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the page at once and fill it when its history is read."""
    page = AgentsPage(console)
    page.draw()
    await page.load()
    when_asked_for_new(page.begin_new)
