"""Chat and load: the head both pages of the simulator draw, with a tab for each."""

from typing import Literal

from nicegui import ui

from components.primitives.card import page_head
from components.words import tr

PATHS = {"chat": "/simulator", "load": "/simulator/load"}


def tabs(active: Literal["chat", "load"]) -> ui.element:
    """Return the page's head row with both tabs; what the page adds is put inside with `with`."""
    labels = {"chat": tr("Chat"), "load": tr("Load test")}
    with page_head(tr("Chat & load")) as row:
        with ui.element("nav").classes("gb-segment") as nav:
            nav.props["aria-label"] = tr("Chat & load")
            for key, path in PATHS.items():
                with ui.link(target=path) as link:
                    ui.label(labels[key])
                if key == active:
                    link.props("aria-current=page")
        ui.element("div").classes("gb-grow")
    return row
