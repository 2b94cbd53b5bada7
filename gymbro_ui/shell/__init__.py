"""Shell: what every page shares; the frame stays while pages change inside it."""

from typing import TYPE_CHECKING

from nicegui import context

from components.rights import settle_rights
from components.theme import apply as theme
from components.words import QUASAR_LANGUAGES, settle_language
from gymbro_ui.shell.frame import Frame
from gymbro_ui.visitors import settle_visitor

if TYPE_CHECKING:
    from services.console import Console


def shell(console: "Console") -> None:
    """Draw the frame around the page of the present address; the root function of every page."""
    theme.install()
    client = context.client
    client.page.language = QUASAR_LANGUAGES[settle_language(client)]
    look = theme.settle_look(client)
    settle_rights(client, may_change=settle_visitor(client).may_change)
    Frame(console, look).draw()
