"""E2E records: every mapped model by every launch, live, with what went wrong one click away."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.e2e.page import E2ePage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the page at once and fill it when its results are read."""
    page = E2ePage(console)
    await page.find_asked()
    page.draw()
    await page.load()
    page.open_asked()
