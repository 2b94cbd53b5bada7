"""Simulator: one conversation as a chosen user, seen event by event, judged and kept."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.simulator.detail import render_compare, render_one
from gymbro_ui.pages.simulator.page import SimulatorPage

if TYPE_CHECKING:
    from services.console import Console

__all__ = ["render", "render_compare", "render_one"]


async def render(console: "Console") -> None:
    """Draw the page at once and fill it when its history is read."""
    page = SimulatorPage(console)
    page.draw()
    await page.load()
