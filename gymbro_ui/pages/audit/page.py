"""Audit page: the log with filters, one entry whole, the way back."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from nicegui import background_tasks, context, ui

from components.audit.entry import EntryDrawer
from components.audit.filters import AuditFilters
from components.audit.rows import columns, entry_rows
from components.audit.words import KIND_WORDS, subject_word
from components.live import on_batch
from components.primitives.big_table import BigTable, TableCalls, TableShape, TableWords
from components.primitives.button import button
from components.primitives.card import page_head
from components.primitives.confirm import confirm
from components.words import tr
from gymbro_ui.actions import act
from services.audit.types import AuditEntry, AuditFilter

if TYPE_CHECKING:
    from services.console import Console

PATH = "/audit"
PAGE = 200
HEIGHT = "max(320px, calc(100dvh - var(--top) - var(--foot) - 260px))"


class AuditLogPage:
    """One open page; the filters live in the address."""

    def __init__(self, console: "Console") -> None:
        """Read from the address what is wanted."""
        self._console = console
        self._client = context.client
        query = context.client.sub_pages_router.current_path.partition("?")[2].partition("#")[0]
        given = parse_qs(query, max_num_fields=20) if query.count("&") < 20 else {}
        kind = given.get("kind", [""])[0]
        self._wanted = AuditFilter(
            kinds=(kind,) if kind in KIND_WORDS else (),
            actor=given.get("who", [""])[0][:200],
            text=given.get("q", [""])[0][:200],
        )
        self._entries: list[AuditEntry] = []
        self._next: int | None = None

    async def draw(self) -> None:
        """Draw the page and follow what is added."""
        page_head(tr("Audit"))
        AuditFilters(self._wanted, await self._console.audit.actors(), self._filter)
        words = TableWords(
            name=tr("Changes"),
            search="",
            none=tr("Nothing was changed yet"),
            facets={},
        )
        shape = TableShape(columns(), (), HEIGHT)
        self._table = BigTable(shape, words, TableCalls(open=self._open, act=lambda _: None))
        with ui.element("div").classes("au-more") as self._more:
            button(tr("Older changes"), self._older)
        self._drawer = EntryDrawer(self._undo, ui.navigate.to)
        await self._load()
        on_batch(self._console.audit.recorded, lambda _: self._load_later())

    def _load_later(self) -> None:
        background_tasks.create(self._load_in_slot(), name="audit page")

    async def _load_in_slot(self) -> None:
        if not self._more.is_deleted:
            with self._more:
                await self._load()

    async def _load(self) -> None:
        page = await self._console.audit.page(self._wanted, limit=PAGE)
        self._entries, self._next = list(page.entries), page.next_before
        self._show()

    async def _older(self) -> None:
        page = await self._console.audit.page(self._wanted, limit=PAGE, before=self._next)
        self._entries += page.entries
        self._next = page.next_before
        self._show()

    def _show(self) -> None:
        self._table.show(entry_rows(self._entries, self._zone))
        is_whole = self._next is None
        self._more.classes(add="gb-hide" if is_whole else "", remove="" if is_whole else "gb-hide")
        if self._drawer.is_open:
            self._open(str(self._drawer.entry_id))

    async def _filter(self, wanted: AuditFilter) -> None:
        self._wanted = wanted
        given = {"kind": next(iter(wanted.kinds), ""), "who": wanted.actor, "q": wanted.text}
        query = urlencode({name: value for name, value in given.items() if value})
        ui.navigate.history.replace(f"{PATH}?{query}" if query else PATH)
        await self._load()

    def _open(self, row_id: str) -> None:
        entry = next((one for one in self._entries if str(one.id) == row_id), None)
        if entry is None:
            self._drawer.close()
            return
        is_reversible = self._console.undo.can_undo(entry)
        self._drawer.show(entry, self._zone, is_reversible=is_reversible)

    async def _undo(self, entry: AuditEntry) -> None:
        with self._client:
            agreed = await confirm(
                tr("Take this change back?"),
                tr(
                    "{name}: the state before is restored like any other change, and this is logged too.",
                    name=subject_word(entry),
                ),
                accept=tr("Take it back"),
            )
        if agreed:
            await act(lambda: self._console.undo.undo(entry.id), done=tr("Taken back"))
            await self._load()

    @property
    def _zone(self) -> str:
        return self._console.settings.preferences.e2e_timezone
