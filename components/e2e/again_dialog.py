"""Again dialog: ask before something runs again, naming its cost; asking can be switched off."""

from nicegui import ui

from components.primitives.button import button
from components.words import tr, trn


async def ask_again(what: str, conversations: int) -> tuple[bool, bool]:
    """Return whether to run, and whether to ask next time too."""
    with ui.dialog() as dialog, ui.card().classes("gb-dialog"):
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Run again?"))
        ui.label(what).classes("t-wrap")
        ui.label(
            trn(
                "This starts {n} conversation with the service under test.",
                "This starts {n} conversations with the service under test.",
                conversations,
            )
        ).classes("c-muted")
        silent = ui.checkbox(tr("Do not ask again in this browser"))
        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Cancel"), lambda: dialog.submit(None))
            button(
                tr("Run · {n}", n=conversations), lambda: dialog.submit("run"), kind="primary"
            ).props("autofocus")
    try:
        agreed = await dialog == "run"
        return agreed, not (agreed and bool(silent.value))
    finally:
        dialog.delete()
