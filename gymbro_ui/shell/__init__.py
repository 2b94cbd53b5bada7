"""Shell: what every page shares; the frame stays while pages change inside it."""

from typing import TYPE_CHECKING

from nicegui import context

from components.theme import apply as theme
from components.words import QUASAR_LANGUAGES, settle_language
from gymbro_ui.shell.frame import Frame

if TYPE_CHECKING:
    from services.console import Console


def shell(console: "Console") -> None:
    """Draw the frame around the page of the present address; the root function of every page."""
    theme.install()
    client = context.client
    client.page.language = QUASAR_LANGUAGES[settle_language(client)]
    look = theme.settle_look(client)
    Frame(console, look).draw()
