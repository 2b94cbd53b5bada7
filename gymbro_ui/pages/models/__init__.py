"""Models and providers: the endpoints, their models, their states, and what hangs on them."""

from typing import TYPE_CHECKING

from gymbro_ui.pages.models.page import ModelsPage

if TYPE_CHECKING:
    from services.console import Console


def render(console: "Console") -> None:
    """Draw the page from memory."""
    ModelsPage(console).draw()
