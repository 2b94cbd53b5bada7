"""Confirm: ask before doing, with the cost in the question."""

from nicegui import ui

from components.primitives.button import button
from components.words import tr


async def confirm(
    title: str, text: str = "", *, accept: str = "", danger: bool = False, name_to_type: str = ""
) -> bool:
    """Return whether the operator agreed; `text` names the cost, `name_to_type` must be typed."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog"):
        with ui.element("h2").classes("t-section"):
            ui.label(title)
        if text:
            ui.label(text).classes("c-muted t-wrap")
        typed = ui.input(tr("Type {name} to go on", name=name_to_type)) if name_to_type else None

        def agree() -> None:
            if typed is None or typed.value == name_to_type:
                dialog.submit(result=True)

        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Cancel"), lambda: dialog.submit(result=False))
            button(accept or tr("Go on"), agree, kind="danger" if danger else "primary").props(
                "" if typed else "autofocus"
            )
    try:
        return bool(await dialog)
    finally:
        dialog.delete()
