"""Order strip: in which order the scopes are asked, said on the page."""

from nicegui import ui

from components.mapping.rows import KEY_SCOPES, scope_word
from components.words import tr
from services.mapping.types import Scope


def order_strip() -> None:
    """Draw the scopes, the most specific first, and what the order means."""
    with ui.element("div").classes("ma-order"):
        ui.label(tr("Order of the scopes:"))
        for place, scope in enumerate(Scope):
            if place:
                ui.label("›").classes("c-faint").props("aria-hidden=true")
            label = ui.label(scope_word(scope))
            if scope in KEY_SCOPES:
                label.classes("t-strong c-text")
        ui.label(
            tr(
                "The last two route a key; the others restrict it, the most specific one that the "
                "request carries. What a request does not carry is skipped."
            )
        ).classes("c-faint")
