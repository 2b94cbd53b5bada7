"""Import dialog: files or a folder, what each would do, and then only what was chosen."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import events, ui

from components.primitives.button import button
from components.primitives.field import Field, text_field
from components.prompts.names import type_word
from components.words import sentence, tr, trn
from services.prompts.types import ImportFate, ImportFile, ImportRow

FILE_MAX_BYTES = 1_000_000
FILES_MOST = 200
TOTAL_MAX_BYTES = 20_000_000
_ENDINGS = ".md,.markdown,.json"


@dataclass(frozen=True, slots=True)
class ImportCalls:
    """What the page does for the dialog."""

    plan: Callable[[list[ImportFile]], Awaitable[Sequence[ImportRow] | None]]
    folder: Callable[[str, dict[str, Field]], Awaitable[Sequence[ImportRow] | None]]
    store: Callable[[list[ImportRow]], Awaitable[bool]]


class ImportDialog:
    """Nothing is stored before it was shown."""

    def __init__(self, calls: ImportCalls) -> None:
        """Open empty."""
        self._calls = calls
        self._rows: list[ImportRow] = []
        self._boxes: list[ui.checkbox | None] = []
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog pr-wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("Import prompts"))
            text = tr("Markdown or JSON, up to 1 MB each. Nothing goes live by an import.")
            ui.label(text).classes("c-muted t-wrap")
            ui.upload(
                label=tr("Choose files or drop them here"),
                multiple=True,
                auto_upload=True,
                max_file_size=FILE_MAX_BYTES,
                max_files=FILES_MOST,
                max_total_size=TOTAL_MAX_BYTES,
                on_multi_upload=self._uploaded,
            ).props(f"accept={_ENDINGS} flat bordered").classes("pr-upload").style(
                "width:100%"
            ).mark("import-files")
            self._draw_folder()
            self._list = ui.element("div").classes("pr-import")
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Cancel"), self._dialog.close)
                self._go = button(tr("Import"), self._store, kind="primary").mark("import-store")
                self._go.set_enabled(False)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    def _draw_folder(self) -> None:
        with ui.element("div").classes("gb-row").style("align-items:flex-end"):
            self._folder = text_field(
                tr("Or a folder of this machine"), placeholder="/home/me/prompts"
            )
            self._folder.classes("gb-grow")
            self._folder.control.mark("import-folder")
            button(tr("Read"), self._read).mark("import-read")

    async def _uploaded(self, event: events.MultiUploadEventArguments) -> None:
        files = [ImportFile(file.name, await file.read()) for file in event.files]
        self._show(await self._calls.plan(files))

    async def _read(self) -> None:
        folder = str(self._folder.control.value or "")
        self._show(await self._calls.folder(folder, {"folder": self._folder}))

    def _show(self, rows: Sequence[ImportRow] | None) -> None:
        if rows is None:
            return
        self._rows, self._boxes = list(rows), []
        self._list.clear()
        with self._list:
            for row in self._rows:
                self._draw_row(row)
            if not self._rows:
                ui.label(tr("There is no Markdown or JSON file")).classes("c-muted")
        self._count()

    def _draw_row(self, row: ImportRow) -> None:
        name = (row.edit.name if row.edit else None) or row.file
        with ui.element("div").classes("pr-import__row"):
            box = ui.checkbox(value=True, on_change=self._count) if row.is_useful else None
            if box is None:
                ui.element("span")
            else:
                box.props["aria-label"] = name
            self._boxes.append(box)
            with ui.element("div").classes("gb-col gap-0"):
                ui.label(name).classes("t-table t-clip")
                kind = row.edit.prompt_type if row.edit else None
                parts = [row.file, type_word(kind) if kind else ""]
                ui.label(" · ".join(filter(None, parts))).classes("t-meta c-faint t-clip")
            tone = {ImportFate.NEW: "ok", ImportFate.VERSION: "running"}.get(row.fate, "")
            badge = ui.label(fate_text(row)).classes(
                "gb-badge" if tone else "t-meta c-muted t-wrap"
            )
            badge.props(f"data-tone={tone}" if tone else "")

    def _chosen(self) -> list[ImportRow]:
        pairs = zip(self._rows, self._boxes, strict=True)
        return [row for row, box in pairs if box is not None and box.value]

    def _count(self) -> None:
        count = len(self._chosen())
        self._go.set_enabled(count > 0)
        self._go.set_text(trn("Import {n} prompt", "Import {n} prompts", count))

    async def _store(self) -> Any:
        if await self._calls.store(self._chosen()):
            self._dialog.close()


def fate_text(row: ImportRow) -> str:
    """Return what a row would do, or why nothing."""
    if row.fate is ImportFate.NEW:
        return tr("New")
    if row.fate is ImportFate.VERSION:
        return tr("New version")
    if row.fate is ImportFate.KNOWN:
        return tr("Here already as v{n}", n=row.known_no)
    return sentence(row.reason) if row.reason else tr("Left out")
