"""Logs page: follows the lines that come, reads older ones back from the files."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import context, ui

from components.live import on_batch, on_return
from components.logs.filter_bar import LogFilterBar
from components.logs.log_view import LogCalls, LogView
from components.logs.rows import line_rows
from components.primitives.button import button, icon
from components.primitives.card import page_head
from components.primitives.formats import clock_text
from components.primitives.toast import toast
from components.settings.upkeep_panels import size_text
from components.words import tr, trn
from gymbro_ui.pages.logs import filters as address
from services.logs.types import LogLevel, Place

if TYPE_CHECKING:
    from services.console import Console

PAGE = 200
DEEP = 4_000  # lines on one page; more are for a download
EVERY_S = 0.5
HEIGHT = "max(320px, calc(100dvh - var(--top) - var(--foot) - 284px))"


class LogsPage:
    """One open page; the filters live in the address."""

    def __init__(self, console: "Console") -> None:
        """Read from the address what is wanted."""
        self._console = console
        self._client = context.client
        path = context.client.sub_pages_router.current_path
        self._filters = address.read_filters(path.partition("?")[2].partition("#")[0])
        self._wanted = self._filters.wanted(console.clock.now())
        self._seq = 0
        self._place: Place | None = None
        self._count = 0
        self._read = 0  # number of the newest reading; an older one that ends late is dropped
        self._is_ready = False

    # -- draw

    def draw(self) -> None:
        """Draw the frame of the page."""
        with page_head(tr("Logs")):
            ui.element("div").classes("gb-grow")
            self._settings_link()
        self._warning = ui.element("div").classes("lo-warn").props("role=alert")
        self._bar = LogFilterBar(self._filters.values, self._zone, self._choose)
        calls = LogCalls(self._jump, self._older, self.load, self._again, self._only)
        self._view = LogView(calls, height=HEIGHT)
        with self._view:
            self._downloads()
        on_batch(self._console.logs.changed, lambda _: self._follow(), EVERY_S)
        on_return(self.load)

    def _settings_link(self) -> None:
        state = self._console.logs.state()
        text = trn(
            "{n} file, {size}", "{n} files, {size}", state.files, size=size_text(state.size_bytes)
        )
        ui.label(text).classes("t-meta c-faint").tooltip(state.folder)
        ui.link(tr("Settings"), "/settings#logs").classes("gb-link t-meta")

    def _downloads(self) -> None:
        with button(tr("Download"), icon="download", small=True), ui.menu():
            for text, kind in (
                (tr("These lines as text"), "txt"),
                (tr("These lines as JSON lines"), "jsonl"),
            ):
                ui.menu_item(text, partial(self._download, kind)).mark(f"lines-{kind}")
            ui.menu_item(
                tr("All files as they are, in one"),
                lambda: ui.navigate.to("/logs/console.jsonl"),
            ).mark("lines-all")

    def _download(self, kind: str) -> None:
        # The time goes along as it is now: the file holds what the page shows.
        ui.navigate.to(address.address(self._filters, f"/logs/lines.{kind}"))

    # -- read

    async def load(self) -> None:
        """Read the newest lines anew and follow from there."""
        await self._fresh(PAGE, paused=False)

    async def _fresh(self, limit: int, *, paused: bool) -> None:
        self._is_ready = False
        self._read += 1
        number = self._read
        self._wanted = self._filters.wanted(self._console.clock.now())
        seq, place = self._console.logs.now()
        page = await self._console.logs.page(self._wanted, place, limit)
        if number != self._read or self._view.is_deleted:
            return
        entries = page.entries
        if place is None:  # no file: what the memory still has
            news = self._console.logs.since(0, self._wanted, limit)
            entries = tuple(reversed(news.entries))
        self._seq, self._place, self._count = seq, page.next, len(entries)
        self._view.show(self._rows(entries), paused=paused)
        self._show_foot(page.searched_to)
        self._show_warning()
        self._is_ready = True
        self._follow()

    async def _again(self) -> None:
        """Read back from the newest: lines between were let go while following."""
        await self._fresh(2 * PAGE, paused=True)

    async def _older(self) -> None:
        place, number = self._place, self._read
        if place is None:
            return
        self._view.foot(tr("Reading the log …"), busy=True, more=True)
        page = await self._console.logs.page(self._wanted, place, PAGE)
        if number != self._read or self._view.is_deleted:
            return
        self._place, self._count = page.next, self._count + len(page.entries)
        self._view.append(self._rows(page.entries))
        self._show_foot(page.searched_to)

    def _show_foot(self, searched_to: datetime | None) -> None:
        with self._client:
            if self._place is None:
                self._view.foot(tr("Nothing older is in the files"))
            elif self._count >= DEEP:
                self._view.foot(tr("Narrow the filters, or download the lines, to see more"))
            else:
                at = clock_text(searched_to, self._zone)
                text = tr("Searched back to {time}", time=at) if searched_to is not None else ""
                self._view.foot(text, more=True)

    def _follow(self) -> None:
        """Push what came since the last look."""
        if not self._is_ready:
            return
        news = self._console.logs.since(self._seq, self._wanted)
        self._seq = news.seq
        if news.entries or news.missed:
            self._view.push(self._rows(reversed(news.entries)), news.missed)

    def _show_warning(self) -> None:
        state = self._console.logs.state()
        self._warning.clear()
        self._warning.set_visibility(bool(state.lost))
        if state.lost:
            with self._warning, ui.element("div").classes("gb-row gb-field__error"):
                icon("error")
                ui.label(
                    tr(
                        "{n} lines are only in memory: the log file cannot be written ({reason})."
                        " Make room or see to {folder}; newer lines are written by themselves then.",
                        n=state.lost,
                        reason=state.reason,
                        folder=state.folder,
                    )
                ).classes("t-wrap")

    # -- what an operator does

    async def _choose(self, changes: Mapping[str, Any]) -> None:
        self._filters = address.changed(self._filters, changes)
        ui.navigate.history.replace(address.address(self._filters))
        await self.load()

    async def _only(self, wanted: Mapping[str, str]) -> None:
        self._filters = replace(self._filters, **wanted, level=str(LogLevel.INFO))
        self._bar.show(self._filters.values)
        await self._choose({})

    async def _jump(self, request: str, at_ms: int) -> None:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        found = await self._console.logs.traces.find(request, at)
        if self._view.is_deleted:  # the page was left meanwhile
            return
        with self._client:
            if found.address:
                ui.navigate.to(found.address)
                return
            toast(_no_run(found.message_id, found.model))
            await self._only({"request": request})

    def _rows(self, entries: Any) -> list[dict[str, Any]]:
        return line_rows(entries, self._zone)

    @property
    def _zone(self) -> str:
        return self._console.settings.preferences.e2e_timezone


def _no_run(message_id: str, model: str) -> str:
    if message_id:
        return tr(
            "This request is message {id} to {model}, of no run: these are its lines",
            id=message_id,
            model=model,
        )
    return tr("No run belongs to this request: these are its lines")
