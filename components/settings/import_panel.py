"""Import panel: name or upload an original database, look at what it holds, then take it over."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from nicegui import ui
from nicegui.events import UploadEventArguments

from components.primitives.button import button
from components.primitives.field import Field, text_field
from components.primitives.formats import count_text, moment_text
from components.primitives.status_dot import StatusDot
from components.rights import for_operators
from components.status.looks import EXECUTION_LOOKS
from components.words import sentence, tr, trn, word
from services.executions.types import Execution
from services.imports.types import UPLOAD_BYTES, Fate, ImportReport, Line, TableCount

FATE_WORDS: Mapping[Fate, str] = {
    Fate.ADDED: word("Added"),
    Fate.KNOWN: word("Here already"),
    Fate.CHANGED: word("Changed"),
    Fate.SKIPPED: word("Skipped"),
}
_SHOWN = 200  # remarks in the preview; the report has them all
_PICK = "() => { const one = getElement(%d); (one.$refs?.qRef ?? one).pickFiles() }"
Look = Callable[[Path, dict[str, Field]], Awaitable[None]]
Save = Callable[[str], Awaitable[None]]


class ImportPanel:
    """Where the file is, and what became of the last import."""

    def __init__(
        self, zone: Callable[[], str], place: Callable[[], Path], look: Look, save: Save
    ) -> None:
        """Draw it; `place` is where an upload goes, `save` downloads the last report as csv or json."""
        self._zone, self._place, self._look, self._save = zone, place, look, save
        with ui.element("div").classes("gb-form"):
            self._path = text_field(
                tr("File on this machine"),
                hint=tr("The database of the original server, such as db.sqlite3; it is only read"),
                placeholder="/srv/gymbro/db.sqlite3",
            )
            self._path.classes("gb-form__wide")
            for_operators(self._path.control)
            self._path.control.on("keydown.enter", self._looked).mark("import-path")
        with ui.element("div").classes("gb-row gb-wrap"):
            button(tr("Look at it …"), self._looked, icon="search", acts=True).mark("import-look")
            self._upload = ui.upload(
                on_upload=self._uploaded, auto_upload=True, max_files=1, max_file_size=UPLOAD_BYTES
            ).props('accept=".db,.sqlite,.sqlite3"')
            self._upload.classes("hidden")
            choose = button(tr("Or a file from here"), icon="upload", acts=True)
            # In the browser itself: a file dialog opens only from a click that is still fresh.
            choose.on("click", js_handler=_PICK % self._upload.id)
            choose.mark("import-upload")
        self.element = ui.element("div").classes("gb-col").mark("import-last")

    def show(self, last: Execution | None, *, has_report: bool) -> None:
        """Show how the newest import fares, or fared."""
        self.element.clear()
        with self.element:
            if last is None:
                ui.label(tr("Nothing was taken over yet.")).classes("c-muted")
                return
            with ui.element("div").classes("gb-row gb-wrap"):
                look = EXECUTION_LOOKS[last.status]
                StatusDot(look.tone, look.shape, look.weight, look.label)
                ui.link(str(last.meta.get("name") or "?"), f"/executions/{last.execution_id}")
                at = last.finished_at or last.created_at
                if at is not None:
                    ui.label(moment_text(at, self._zone())).classes("t-meta c-muted")
            if not last.status.is_final:
                text = tr(
                    "{done} of {total} rows",
                    done=count_text(last.done),
                    total=count_text(last.total),
                )
                ui.label(text).classes("t-num").props("role=status")
            elif last.error:
                ui.label(sentence(last.reason)).classes("gb-field__error t-wrap")
            if has_report:
                self._counts(last)

    def _counts(self, last: Execution) -> None:
        with ui.element("div").classes("gb-row gb-wrap"):
            for fate, text in FATE_WORDS.items():
                count = last.meta.get(str(fate))
                ui.label(
                    f"{tr(text)} {count_text(count if isinstance(count, int) else 0)}"
                ).classes("t-num")  # i18n: words of the table
            for kind in ("csv", "json"):
                button(kind.upper(), partial(self._save, kind), icon="download", small=True).mark(
                    f"import-report-{kind}"
                )

    async def _looked(self) -> None:
        text = str(self._path.control.value or "").strip()
        if text:
            await self._look(Path(text), {"from": self._path})

    async def _uploaded(self, event: UploadEventArguments) -> None:
        place = self._place()
        await event.file.save(place)
        self._upload.reset()
        await self._look(place, {})


class ImportDialog:
    """The preview of an import: what each table would do, what is remarkable, and the question."""

    def __init__(
        self,
        report: ImportReport,
        go: Callable[[], Awaitable[bool]],
        left: Callable[[], Awaitable[None]],
    ) -> None:
        """Open; `go` starts the import, `left` hears that nobody did."""
        self._go, self._left, self._is_taken = go, left, False
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
            with ui.element("h2").classes("t-section"):
                ui.label(tr("What the file holds")).classes("t-wrap")
            with ui.element("div").classes("gb-col").mark("import-preview"):
                _summary(report)
                _tables(report)
                for note in report.notes:
                    ui.label(sentence(note)).classes("t-wrap")
                _remarks(report.remarks)
            with ui.element("div").classes("gb-dialog__acts"):
                button(tr("Cancel"), self._dialog.close)
                self._accept = button(tr("Take over"), self._agree, kind="primary", acts=True)
                self._accept.mark("import-go").set_enabled(not report.is_empty)
        self._dialog.on("hide", self._closed)
        self._dialog.open()

    async def _agree(self) -> None:
        self._accept.props("loading")
        self._is_taken = await self._go()
        if self._is_taken:
            self._dialog.close()
        elif not self._accept.is_deleted:
            self._accept.props(remove="loading")

    async def _closed(self) -> None:
        if not self._is_taken:
            await self._left()
        self._dialog.delete()


def _summary(report: ImportReport) -> None:
    if report.is_empty:
        ui.label(tr("Everything it holds is here already.")).classes("t-strong")
    if report.secrets_moved:
        ui.label(
            trn(
                "{n} key or password goes to the secret store",
                "{n} keys and passwords go to the secret store",
                report.secrets_moved,
            )
        )
    ui.label(tr("Runs and test users will belong to {name}.", name=report.target)).classes(
        "c-muted"
    )


def _tables(report: ImportReport) -> None:
    box = ui.element("div").style("max-height:300px;overflow:auto")
    with box, ui.element("table").classes("gb-table gb-table--compact"):
        with ui.element("thead"), ui.element("tr"):
            _head(tr("Table"), "")
            for title in (
                tr("Rows"),
                *(tr(text) for text in FATE_WORDS.values()),
            ):  # i18n: words above
                _head(title, "end")
        with ui.element("tbody"):
            for one in report.tables:
                _row(one)
    if report.left:
        names = ", ".join(f"{name} ({count_text(count)})" for name, count in report.left.items())
        ui.label(tr("Never taken: {names}", names=names)).classes("t-meta c-muted t-wrap")


def _head(title: str, place: str) -> None:
    with ui.element("th").props("scope=col").classes(place):
        ui.label(title)


def _row(one: TableCount) -> None:
    with ui.element("tr"):
        with ui.element("td"):
            ui.label(one.table).classes("t-mono")
        for count in (one.found, one.added, one.known, one.changed, one.skipped):
            with ui.element("td").classes("end"):
                ui.label(count_text(count)).classes("" if count else "c-faint")


def _remarks(lines: tuple[Line, ...]) -> None:
    if not lines:
        return
    with (
        ui.expansion(trn("{n} remark", "{n} remarks", len(lines)))
        .classes("gb-grow")
        .mark("import-remarks")
    ):
        for line in lines[:_SHOWN]:
            said = " · ".join(sentence(reason) for reason in line.reasons)
            ui.label(f"{line.table} {line.row}: {said}").classes("t-meta t-wrap")
        if len(lines) > _SHOWN:
            more = len(lines) - _SHOWN
            ui.label(
                trn("and {n} more, all in the report", "and {n} more, all in the report", more)
            )
