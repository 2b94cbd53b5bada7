"""Banner: one sentence across the page about a state that lasts."""

from nicegui import ui

from components.primitives.button import icon


def banner(text: str, *, tone: str = "slow", symbol: str = "warning") -> ui.element:
    """Return the banner; put buttons inside it with `with`."""
    with ui.element("div").classes("gb-banner").props("role=status") as strip:
        strip.props["data-tone"] = tone
        icon(symbol)
        ui.label(text).classes("gb-grow")
    return strip
