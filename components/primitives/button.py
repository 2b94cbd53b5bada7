"""Button: one look per weight of an action; an icon-only one always has a name."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.rights import for_operators

ICON_PREFIX = "sym_o_"  # Material Symbols outlined, bundled with NiceGUI


def button(
    text: str,
    on_click: Callable[..., Any] | None = None,
    *,
    icon: str = "",
    kind: str = "default",
    small: bool = False,
    acts: bool = False,
) -> ui.button:
    """Return a labelled button; kind is default, primary, quiet or danger.

    One that `acts` is switched off for who only reads.
    """
    made = ui.button(text, on_click=on_click, icon=ICON_PREFIX + icon if icon else None, color=None)
    made.classes(f"gb-btn-{kind}")
    made = for_operators(made) if acts else made
    return made.classes("gb-btn-small") if small else made


def icon_button(
    icon: str,
    name: str,
    on_click: Callable[..., Any] | None = None,
    *,
    small: bool = False,
    acts: bool = False,
) -> ui.button:
    """Return a button that is only an icon; `name` is its tooltip and accessible name."""
    made = ui.button(on_click=on_click, icon=ICON_PREFIX + icon, color=None)
    made.classes("gb-btn-icon").props["aria-label"] = name
    with made:
        ui.tooltip(name)
    made = for_operators(made) if acts else made
    return made.classes("gb-btn-small") if small else made


def icon(name: str) -> ui.icon:
    """Return a decorative icon, hidden from screen readers."""
    return ui.icon(ICON_PREFIX + name).props("aria-hidden=true")


def copy_button(value: str, name: str, *, done: str = "", small: bool = True) -> ui.button:
    """Return an icon button that copies the value in the browser and says so."""
    made = icon_button("content_copy", name, small=small)
    made.props["data-copy"] = value
    made.props["data-done"] = done
    made.on("click", js_handler=_COPY)
    return made


def download_button(address: str, name: str) -> ui.button:
    """Return a small icon button that lets the browser save what is at the address."""
    made = icon_button("download", name, small=True)
    made.props["href"] = address
    made.props["download"] = ""
    return made


# Constant code; the value travels as a data attribute, never inside the code.
_COPY = """(event) => {
  const button = event.currentTarget;
  const icon = button.querySelector(".q-icon");
  navigator.clipboard.writeText(button.dataset.copy).then(() => {
    if (!icon) return;
    const before = icon.textContent;
    if (before === "check") return;
    icon.textContent = "check";
    setTimeout(() => { icon.textContent = before; }, 1200);
  });
}"""
