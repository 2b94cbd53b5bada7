"""Journal panel: results that wait to be written back, why, what to do, and what was put aside."""

from collections.abc import Callable

from nicegui import ui

from components.primitives.button import copy_button
from components.primitives.formats import age_words, count_text, epoch_ms, moment_text
from components.primitives.status_dot import Age, StatusDot
from components.settings.secret_row import fact_row
from components.settings.upkeep_panels import size_text
from components.status.looks import Look
from components.status.refusals import advice, why
from components.words import tr, trn, word
from services.journal.types import JournalView, Put, ReplayReport

_EMPTY = Look("ok", "tick", "tint", word("Nothing waits"))
_WAITS = Look("slow", "half", "tint", word("To be written back"))
_AT_RISK = Look("failed", "cross", "tint", word("In memory only"))
_SHOWN = 10


class JournalPanel(ui.element):
    """The journal as it is; show() draws it again."""

    def __init__(self, zone: Callable[[], str]) -> None:
        """Draw nothing yet."""
        super().__init__("div")
        self.classes("gb-col").mark("journal")
        self._zone = zone

    def show(self, view: JournalView) -> None:
        """Show what waits now."""
        self.clear()
        with self:
            self._state(view)
            if view.waiting:
                ui.label(advice(view.reason)).classes("t-wrap")
                ui.label(view.reason).classes("t-mono c-muted t-wrap")
            if view.problem:
                text = tr("The folder cannot be used: {reason}", reason=view.problem)
                ui.label(text).classes("gb-field__error t-wrap")
            if view.last is not None:
                self._last(view.last)
            self._facts(view)
            self._aside(view.put_aside)

    def _state(self, view: JournalView) -> None:
        look = _AT_RISK if view.in_memory else _WAITS if view.waiting else _EMPTY
        with ui.element("div").classes("gb-next"):
            StatusDot(look.tone, look.shape, look.weight, look.label)
            if not view.waiting:
                return
            text = trn(
                "{n} result waits to be written back: {reason}",
                "{n} results wait to be written back: {reason}",
                view.waiting,
                reason=why(view.reason),
            )
            ui.label(text).classes("t-wrap")
            since = moment_text(view.since, self._zone())
            Age(epoch_ms(view.since), age_words(), title=since)

    def _last(self, last: ReplayReport) -> None:
        parts = [tr("Written back: {count}", count=count_text(last.rows))]
        if last.known:
            parts.append(tr("there already: {count}", count=count_text(last.known)))
        if last.put_aside:
            parts.append(tr("put aside: {count}", count=count_text(last.put_aside)))
        with ui.element("div").classes("gb-row gb-wrap t-meta c-muted"):
            ui.label(" · ".join(parts))
            Age(epoch_ms(last.at), age_words(), title=moment_text(last.at, self._zone()))

    def _facts(self, view: JournalView) -> None:
        reserve = tr("none: the disk had no room at the start")
        if view.reserve_bytes:
            used, size = size_text(view.reserve_used_bytes), size_text(view.reserve_bytes)
            reserve = tr("{used} of {size} used", used=used, size=size)
        with ui.element("dl").classes("gb-facts"):
            fact_row(tr("Folder"), view.folder, copy=True)
            fact_row(tr("Reserve for a full disk"), reserve, mono=False)
            fact_row(tr("Command"), "python main.py replay", copy=True)

    def _aside(self, files: tuple[Put, ...]) -> None:
        if not files:
            return
        text = trn("{n} file was put aside", "{n} files were put aside", len(files))
        ui.label(text).classes("gb-field__error")
        with ui.element("div").classes("gb-list").props("role=list").mark("journal-aside"):
            for one in files[-_SHOWN:]:
                with ui.element("div").classes("gb-list__row").props("role=listitem"):
                    with ui.element("div").classes("gb-col gap-0 gb-grow"):
                        ui.label(one.name).classes("t-mono t-clip")
                        ui.label(one.reason).classes("t-meta c-muted t-wrap")
                    copy_button(one.name, tr("Copy the name"))
        ui.label(
            tr(
                "They are in the folder quarantine of the journal. A file that was mended may be moved"
                " back beside the others: it is written back with them."
            )
        ).classes("gb-field__hint t-wrap")
