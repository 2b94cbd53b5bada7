"""Log card of the settings: what is recorded and how much room it may take."""

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from components.live import on_batch
from components.primitives.card import card
from components.settings.log_form import LogForm
from components.words import tr
from gymbro_ui.actions import save_preferences
from services.settings.types import Preferences

if TYPE_CHECKING:
    from services.console import Console


def log_card(console: "Console") -> None:
    """Draw the settings of the log; they act at once."""

    def page_link() -> None:
        ui.link(tr("All logs"), "/logs").classes("gb-link t-meta")

    with card(tr("Logs"), toolbar=page_link, note=tr("Secrets are masked before a line is kept")):
        form = LogForm(console.settings.preferences, partial(save_preferences, console))
    form.tell(console.logs.state())

    def changed(batch: list[Preferences]) -> None:
        form.load(batch[-1])
        form.tell(console.logs.state())

    on_batch(console.settings.changed, changed)
