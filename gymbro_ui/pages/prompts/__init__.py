"""Prompts: every version of what the gateway puts in front of a conversation."""

from typing import TYPE_CHECKING

from gymbro_ui.asked import when_asked_for_new
from gymbro_ui.pages.prompts.page import PromptsPage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the page at once and fill it when the versions are read."""
    page = PromptsPage(console)
    page.draw()
    await page.load()
    when_asked_for_new(page.editing.begin_new)
