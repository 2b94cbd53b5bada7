"""History: every kept turn, searched, compared and exported."""

from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from components.live import on_batch
from components.primitives.big_table import BigTable, TableCalls, TableShape, TableWords
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.empty import problem
from components.primitives.skeleton import skeleton_rows
from components.primitives.toast import toast
from components.simulator.history import HistoryFilters, Wanted, columns, rows
from components.words import sentence, tr
from gymbro_ui.actions import act
from services.dialogs.types import Dialog
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

PAGE = 100
HEIGHT = "min(560px, 70dvh)"


class History:
    """The card beneath; new turns appear at its top."""

    def __init__(self, console: "Console", wanted: Wanted, filtered: Any) -> None:
        """`filtered` hears every change of the filters."""
        self._console = console
        self._wanted = wanted
        self._filtered = filtered
        self._dialogs: list[Dialog] = []
        self._next = ""
        self._picked: tuple[str, ...] = ()
        self._table: BigTable | None = None

    def draw(self) -> None:
        """Draw the card's frame."""
        with card(tr("History"), toolbar=self._acts, tight=True) as self._body:
            skeleton_rows(4)
        self._body.classes("si-history")
        on_batch(self._console.dialogs.finished, lambda _: self._load_later(), every_s=0.5)

    def _acts(self) -> None:
        self._compare = button(tr("Compare two"), self._open_compare, icon="compare", small=True)
        self._compare.set_enabled(False)
        for kind in ("csv", "json"):
            made = button(kind.upper(), partial(self._export, kind), icon="download")
            made.classes("gb-btn-small").mark(f"export-{kind}")
            made.props["title"] = tr("Save the filtered turns as {kind}", kind=kind.upper())

    async def load(self) -> None:
        """Read the first piece of the filtered history."""
        dialogs = self._console.dialogs
        try:
            models = await dialogs.models() if self._table is None else []
            page = await dialogs.page(self._filter, limit=PAGE)
        except ConsoleError as error:
            self._fail(sentence(error.message))
            return
        if self._body.is_deleted:
            return
        with self._body:
            if self._table is None:
                self._body.clear()
                self._draw_table(models)
            self._dialogs, self._next = list(page.rows), page.next_before
            self._show()

    def _fail(self, reason: str) -> None:
        """Say why it cannot be read, and how to try again; what was drawn before stays."""
        if self._body.is_deleted:
            return
        with self._body:
            if self._table is not None:
                toast(reason, tone="failed")
                return
            self._body.clear()
            problem(tr("The history cannot be read"), reason, self.load)

    def _draw_table(self, models: list[str]) -> None:
        HistoryFilters(self._wanted, models, self._filter_changed)
        words = TableWords(
            name=tr("Conversations"),
            search="",
            none=tr("No conversation is kept that is like that. Send a message above."),
            facets={},
        )
        calls = TableCalls(open=self._open, act=lambda _: None, pick=self._pick)
        self._table = BigTable(TableShape(columns(), (), HEIGHT), words, calls)
        with ui.element("div").classes("au-more") as self._more:
            button(tr("Older ones"), self._older)

    @property
    def _filter(self) -> Any:
        return self._wanted.to_filter(self._console.clock.now())

    async def _filter_changed(self, wanted: Wanted) -> None:
        self._wanted = wanted
        await self._filtered(wanted)

    def _load_later(self) -> None:
        if self._table is not None:
            background_tasks.create(self._load_in_slot(), name="history of conversations")

    async def _load_in_slot(self) -> None:
        if not self._body.is_deleted:
            with self._body:  # a background task stands on no page
                await self.load()

    async def _older(self) -> None:
        page = await act(
            lambda: self._console.dialogs.page(self._filter, before=self._next, limit=PAGE)
        )
        if page is not None:
            self._dialogs += page.rows
            self._next = page.next_before
            self._show()

    def _show(self) -> None:
        assert self._table is not None  # drawn before the first piece
        self._table.show(rows(self._dialogs, self._console.settings.preferences.e2e_timezone))
        self._more.set_visibility(bool(self._next))

    def _pick(self, ids: tuple[str, ...]) -> None:
        self._picked = ids
        self._compare.set_enabled(len(ids) == 2)

    def _open(self, dialog_id: str) -> None:
        ui.navigate.to(f"/simulator/chat/{dialog_id}")

    def _open_compare(self) -> None:
        first, second = sorted(self._picked)
        ui.navigate.to(f"/simulator/compare?a={first}&b={second}")

    async def _export(self, kind: str) -> None:
        file = await act(lambda: self._console.dialogs.export(self._filter, kind))
        if file is not None:
            ui.download.content(file.content, file.name, file.media_type)
