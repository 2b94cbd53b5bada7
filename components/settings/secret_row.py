"""Secret row: a key shown masked; its value leaves the server only when it is copied."""

from collections.abc import Callable

from nicegui import ui

from components.primitives.button import icon_button
from components.primitives.toast import toast
from components.words import tr


def mask_text(secret: str) -> str:
    """Return the first four and last four characters around dots; a short one is all dots."""
    if not secret:
        return ""
    return "••••••••" if len(secret) <= 12 else f"{secret[:4]}••••••••{secret[-4:]}"


def secret_row(name: str, read: Callable[[], str]) -> None:
    """Draw one term of a facts list: name, masked value, copy."""
    secret = read()
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        if not secret:
            ui.label(tr("not set")).classes("c-faint")
            return
        ui.label(mask_text(secret)).classes("t-mono")

        def copy() -> None:
            ui.clipboard.write(read())
            toast(tr("{name} copied", name=name))

        icon_button("content_copy", tr("Copy {name}", name=name), copy, small=True)


def fact_row(name: str, value: str, *, copy: bool = False, mono: bool = True) -> None:
    """Draw one term of a facts list."""
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        ui.label(value or tr("not set")).classes(
            "t-mono" if mono and value else "" if value else "c-faint"
        )
        if copy and value:
            icon_button(
                "content_copy",
                tr("Copy {name}", name=name),
                lambda: (ui.clipboard.write(value), toast(tr("{name} copied", name=name))),
                small=True,
            )
