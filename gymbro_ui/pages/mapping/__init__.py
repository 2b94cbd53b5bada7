"""Mapping: business keys and scopes to models, what a request would get, and why."""

from typing import TYPE_CHECKING

from gymbro_ui.asked import when_asked_for_new
from gymbro_ui.pages.mapping.page import MappingPage

if TYPE_CHECKING:
    from services.console import Console


def render(console: "Console") -> None:
    """Draw the page from memory."""
    page = MappingPage(console)
    page.draw()
    when_asked_for_new(page.begin_new)
