"""Models and providers: the endpoints, their models, their states, and what hangs on them."""

from typing import TYPE_CHECKING

from gymbro_ui.asked import when_asked_for_new
from gymbro_ui.pages.models.page import ModelsPage

if TYPE_CHECKING:
    from services.console import Console


def render(console: "Console") -> None:
    """Draw the page from memory."""
    page = ModelsPage(console)
    page.draw()
    when_asked_for_new(page.begin_new)
