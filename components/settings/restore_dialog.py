"""Restore dialog: what a copy would change, read from the copy itself, before anybody agrees."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.button import button
from components.primitives.field import text_field
from components.primitives.formats import count_text, moment_text
from components.primitives.skeleton import skeleton_rows
from components.words import tr, trn
from services.backup.types import RestorePreview, TableCount

Load = Callable[[], Awaitable[RestorePreview | None]]
Go = Callable[[], Awaitable[bool]]


class RestoreDialog:
    """Opens at once, fills when the copy was read; the button works once the word is typed."""

    def __init__(self, name: str, zone: str, load: Load, go: Go) -> None:
        """Open; `load` may take a while, `go` answers whether the restart has begun."""
        self._zone, self._load, self._go = zone, load, go
        self._word = tr("restore")
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("Put {name} back?", name=name)).classes("t-wrap")
            self._body = ui.element("div").classes("gb-col").mark("restore-preview")
            with self._body:
                ui.label(tr("The copy is read and checked …")).classes("c-muted").props(
                    "role=status"
                )
                skeleton_rows(4)
            self._acts = ui.element("div").classes("gb-dialog__acts")
            with self._acts:
                button(tr("Cancel"), self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    async def fill(self) -> None:
        """Show what would change, or close when the copy cannot be used."""
        preview = await self._load()
        if self._dialog.is_deleted:
            return
        if preview is None:
            self._dialog.close()
            return
        self._body.clear()
        with self._body:
            self._draw(preview)
        with self._acts:
            self._accept = button(
                tr("Put it back and restart"), self._agree, kind="danger", acts=True
            )
            self._accept.mark("restore-go").disable()

    def _draw(self, preview: RestorePreview) -> None:
        made = moment_text(preview.made_at, self._zone)
        ui.label(
            tr("Made {time}. It is whole: {rows} rows.", time=made, rows=count_text(preview.rows))
        ).classes("t-wrap")
        _table(preview)
        if preview.unpushed:
            text = trn(
                "{n} change in it waits for Supabase. It is not pushed before you have compared on"
                " the Sync page.",
                "{n} changes in it wait for Supabase. They are not pushed before you have compared"
                " on the Sync page.",
                preview.unpushed,
            )
            banner(text)
        ui.label(
            tr(
                "The console stops, swaps the database and starts again by itself, in about ten"
                " seconds. The present database is kept beside it. Keys, log files and copies stay."
            )
        ).classes("c-muted t-wrap")
        typed = text_field(tr("Type {name} to go on", name=self._word)).control
        typed.on_value_change(lambda: self._typed(str(typed.value or "")))
        typed.mark("restore-word")

    def _typed(self, value: str) -> None:
        self._accept.set_enabled(value.strip() == self._word)

    async def _agree(self) -> None:
        self._accept.props("loading")
        if await self._go():
            self._body.clear()
            self._acts.clear()
            with self._body:
                ui.label(tr("The console restarts. This page comes back by itself.")).classes(
                    "t-wrap"
                ).props("role=status")
        elif not self._accept.is_deleted:
            self._accept.props(remove="loading")


def _table(preview: RestorePreview) -> None:
    if not preview.tables:
        ui.label(tr("Every table has as many rows as now.")).classes("c-muted")
        return
    box = ui.element("div").style("max-height:240px;overflow:auto")
    with box, ui.element("table").classes("gb-table gb-table--compact"):
        with ui.element("thead"), ui.element("tr"):
            _head(tr("Table in the database"), "")
            for title in (tr("Rows now"), tr("Rows then"), tr("Difference")):
                _head(title, "end")
        with ui.element("tbody"):
            for one in preview.tables:
                _line(one)
    ui.label(
        trn(
            "{n} more table has as many rows as now",
            "{n} more tables have as many rows as now",
            preview.same,
        )
    ).classes("t-meta c-muted")


def _head(title: str, place: str) -> None:
    with ui.element("th").props("scope=col").classes(place):
        ui.label(title)


def _line(one: TableCount) -> None:
    difference = (one.then or 0) - (one.now or 0)
    sign = "+" if difference > 0 else "−"
    cells = (count_text(one.now), count_text(one.then), f"{sign}{count_text(abs(difference))}")
    with ui.element("tr"):
        with ui.element("td"):
            ui.label(one.name).classes("t-mono")
        for text in cells:
            with ui.element("td").classes("end"):
                ui.label(text)
