"""Overview: does it work, what runs, what broke and whose fault; then the health of every model."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.dashboard.guide import GuidePage
from gymbro_ui.pages.dashboard.page import OverviewPage

if TYPE_CHECKING:
    from services.console import Console


async def render(console: "Console") -> None:
    """Draw the page from the present state and fill in what must be read."""
    page = OverviewPage(console)
    page.draw()
    await page.load()


def render_guide(console: "Console") -> None:
    """Draw the first steps."""
    GuidePage(console).draw()
