"""Empty: what to show when there is nothing, or when it could not be shown, and what to do next."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon
from components.words import tr


def empty(title: str, text: str = "", *, symbol: str = "inbox") -> ui.element:
    """Return the row for next steps; fill it with buttons using `with`."""
    with ui.element("div").classes("gb-empty"):
        icon(symbol)
        ui.label(title).classes("gb-empty__title")
        if text:
            ui.label(text).classes("gb-empty__text")
        return ui.element("div").classes("gb-empty__acts")


def problem(title: str, reason: str, retry: Callable[..., Any] | None = None) -> ui.element:
    """Return the row of an error state: the reason and a way to try again."""
    with ui.element("div").props("role=alert"):
        acts = empty(title, reason, symbol="error")
    if retry is not None:
        with acts:
            button(tr("Try again"), retry, icon="refresh")
    return acts
