"""Settings in a file: saved as JSON, taken back after a look at what it would change."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from components.primitives.button import button
from components.primitives.json_upload import json_upload
from components.words import sentence, tr, trn
from services.settings.types import FileChange, FilePlan

BYTES_MAX = 256 * 1024
Read = Callable[[bytes], Awaitable[FilePlan | None]]


class SettingsFileDialog:
    """Choose a file, look at each value, then take them over."""

    def __init__(self, read: Read, apply: Callable[[FilePlan], Awaitable[bool]]) -> None:
        """Open it; `read` tells itself why a file cannot be read."""
        self._read, self._apply = read, apply
        self._plan: FilePlan | None = None
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("Take settings from a file"))
            ui.label(
                tr("A file this console saved. Nothing is changed before you have looked.")
            ).classes("c-muted t-wrap")
            json_upload(self._arrived, BYTES_MAX).style("width:100%")
            self._shown = ui.element("div").classes("gb-col").mark("settings-plan")
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Cancel"), self._dialog.close)
                self._submit = button(tr("Take over"), self._save, kind="primary", acts=True)
        self._submit.set_enabled(False)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    async def _arrived(self, content: bytes) -> None:
        plan = await self._read(content)
        if plan is not None and not self._dialog.is_deleted:
            self.show(plan)

    def show(self, plan: FilePlan) -> None:
        """Show what would change."""
        self._plan = plan
        self._submit.set_enabled(bool(plan.changes))
        self._shown.clear()
        with self._shown:
            if not plan.changes:
                ui.label(tr("The file has the settings of now.")).classes("c-muted")
            else:
                ui.label(
                    trn("{n} setting changes", "{n} settings change", len(plan.changes))
                ).classes("t-table t-strong")
                _table(plan)
            for problem in plan.problems:
                ui.label(sentence(problem)).classes("gb-field__error t-wrap")

    async def _save(self) -> None:
        if self._plan is not None and await self._apply(self._plan):
            self._dialog.close()


def _table(plan: FilePlan) -> None:
    box = ui.element("div").style("max-height:280px;overflow:auto")
    with box, ui.element("table").classes("gb-table gb-table--compact"):
        with ui.element("thead"), ui.element("tr"):
            for title in (tr("Setting"), tr("Now"), tr("In the file")):
                with ui.element("th").props("scope=col"):
                    ui.label(title)
        with ui.element("tbody"):
            for change in plan.changes:
                _line(change)


def _line(change: FileChange) -> None:
    with ui.element("tr"):
        for text in (change.name, _value(change.before), _value(change.after)):
            with ui.element("td"):
                ui.label(text).classes("t-mono t-clip").props["title"] = text


def _value(value: object) -> str:
    if isinstance(value, bool):
        return tr("On") if value else tr("Off")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]  # of any type
    return "–" if value is None else str(value)
