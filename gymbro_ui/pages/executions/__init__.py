"""Executions: everything that runs or ran, as one live list and one page for each."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.executions.detail import render_one
from gymbro_ui.pages.executions.page import ExecutionsPage

if TYPE_CHECKING:
    from services.console import Console

__all__ = ["render", "render_one"]


async def render(console: "Console") -> None:
    """Draw the list at once and fill it when its first page is read."""
    page = ExecutionsPage(console)
    page.draw()
    await page.load()
