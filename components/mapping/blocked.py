"""Blocked dialog: the models nobody is routed to, whatever the mappings say."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from components.primitives.button import button, icon_button
from components.primitives.field import Field, empty_choice
from components.words import tr

SHOWN = 300
Change = Callable[[str, bool], Awaitable[None]]  # model, whether it is blocked from now on


class BlockedDialog:
    """A list with one button each; adding asks first where keys would lose their model."""

    def __init__(self, offered: Sequence[str], change: Change) -> None:
        """Open it; show() fills the list."""
        self._change = change
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("Blocked models"))
            ui.label(tr("Nobody is routed to them, whatever a mapping says.")).classes("c-muted")
            self._list = ui.element("div")
            with Field(tr("Block a model")) as field:
                self._add = ui.select(
                    list(offered), with_input=True, new_value_mode="add", on_change=self._added
                )
                field.hold(self._add)
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Close"), self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        return not self._dialog.is_deleted

    def show(self, names: Sequence[str]) -> None:
        """Show the blocked models."""
        self._list.clear()
        with self._list:
            if not names:
                ui.label(tr("None")).classes("c-faint")
                return
            with ui.element("div").classes("ma-rows"):
                for name in names[:SHOWN]:
                    self._row(name)

    def _row(self, name: str) -> None:
        async def unblock() -> None:
            await self._change(name, False)  # a callback of two values

        with ui.element("div"):
            ui.label(name).classes("t-mono gb-grow t-clip")
            icon_button("close", tr("Unblock {model}", model=name), unblock, small=True, acts=True)

    async def _added(self) -> None:
        name = str(self._add.value or "").strip()
        if name:
            empty_choice(self._add)
            await self._change(name, True)  # a callback of two values
