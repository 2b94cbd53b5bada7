"""Executions page: every run of every kind, newest first, read page by page and followed live."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.executions.filter_bar import FilterBar
from components.executions.list import ListCalls, RunList
from components.executions.rows import is_wanted, row_texts
from components.live import on_batch, on_path, on_return
from components.primitives.button import button
from components.primitives.card import page_head
from components.primitives.empty import problem
from components.primitives.toast import toast
from components.primitives.toolbar import spacer
from components.words import sentence, tr, trn
from gymbro_ui import run_actions as acts
from gymbro_ui.actions import in_slot
from gymbro_ui.pages.executions.filters import (
    Filters,
    address,
    changed,
    query_of,
    read_filters,
)
from gymbro_ui.pages.executions.way_back import keep_list
from services.executions.types import Execution, ExecutionPage
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
PATH = "/executions"
PAGE_ROWS = 100
BEHIND_S = 0.04  # the rows change before the figures over them
MISSED_MOST = 500  # changes missed while away that are patched; over that all is read anew


class ExecutionsPage:
    """One open list; what it shows can be read again at any time."""

    def __init__(self, console: "Console") -> None:
        """Read the filters from the address."""
        self._console = console
        path = context.client.sub_pages_router.current_path
        self._filters = read_filters(query_of(path))
        keep_list(self._filters)
        self._wanted = self._filters.wanted(console.clock.now())
        self._asked = 0  # number of the newest load; older ones are dropped
        self._heard = 0  # number of the newest announcement the browser was told
        self._places: dict[str, int] = {}  # in the queue, as last shown
        self._chosen: list[str] = []

    def draw(self) -> None:
        """Draw the page as a skeleton and follow every change."""
        console = self._console
        with page_head(tr("Executions")):
            self._summary = ui.label("").classes("c-muted t-clip ex-summary")
            spacer()
            with ui.element("div").classes("gb-row") as self._choice:
                button(tr("Choose none"), self._uncheck, kind="quiet", small=True)
                self._cancel = button(
                    "", self._cancel_chosen, kind="danger", icon="stop_circle", acts=True
                )
            self._choice.set_visibility(False)
        self._bar = FilterBar(console.executions.kinds, console.schedules.view().zone, self._choose)
        self._bar.show(self._bar_values())
        with ui.element("div").classes("gb-card gb-card--tight ex-page") as self._root:
            self._list = RunList(
                ListCalls(
                    older=self._read_older,
                    fresh=self.load,
                    cancel=partial(acts.cancel_runs, console),
                    again=self._again,
                    check=self._checked,
                    widen=self._show_all,
                ),
                name=tr("Executions"),
            )
            self._problem = ui.element("div")
            self._problem.set_visibility(False)
        self._follow()
        self._summarise()

    def _follow(self) -> None:
        console = self._console
        on_batch(console.executions.changed, self._changed)
        on_batch(console.executions.changed, lambda _: self._summarise(), first_s=BEHIND_S)
        on_batch(console.settings.changed, lambda _: self._summarise())
        on_path(self._moved)
        on_return(lambda: in_slot(self._root, self._catch_up))

    # -- reading

    async def load(self) -> None:
        """Read the newest page and show it; a newer load wins over this one."""
        self._asked += 1
        asked = self._asked
        self._wanted = self._filters.wanted(self._console.clock.now())
        heard = self._heard
        found = await self._read(None)
        if found is None or asked != self._asked or self._root.is_deleted:
            return
        self._heard = max(heard, *(one.seq for one in found.rows), 0)
        self._note_places()
        self._list.show(
            self._rows(found.rows),
            found.next_before,
            partial=found.is_partial,
            filtered=not self._filters.is_plain,
        )
        self._show_problem("")

    async def _read_older(self, before: int) -> None:
        asked = self._asked
        found = await self._read(before)
        if asked != self._asked or self._root.is_deleted:
            return
        if found is None:
            self._list.fail_older()
            return
        self._list.append(self._rows(found.rows), found.next_before, partial=found.is_partial)

    async def _read(self, before: int | None) -> ExecutionPage | None:
        try:
            return await self._console.executions.page(self._wanted, before=before, limit=PAGE_ROWS)
        except ConsoleError as error:
            reason = sentence(error.message)
        except Exception:  # noqa: BLE001  # boundary: the page must say that it failed
            _log.exception("the list of executions could not be read")
            reason = tr("A fault in the console. The log has the details.")
        if before is None:
            self._show_problem(reason)
        else:
            self._say(reason)
        return None

    async def _catch_up(self) -> None:
        """Tell the browser what changed while it was away."""
        executions = self._console.executions
        missed = await executions.changed_since(self._heard, MISSED_MOST + 1)
        if len(missed) > MISSED_MOST:
            await self.load()
        elif missed:
            self._changed(missed)
        self._summarise()

    # -- what changes

    def _changed(self, batch: Sequence[Execution]) -> None:
        newest = {one.execution_id: one for one in batch}
        for one in self._moved_in_queue():
            newest.setdefault(one.execution_id, one)
        matches = [is_wanted(one, self._wanted) for one in newest.values()]
        if self._list.patch(self._rows(newest.values()), matches):
            self._heard = max(self._heard, *(one.seq for one in batch))

    def _moved_in_queue(self) -> list[Execution]:
        """Return what waits at another place than it was last shown at."""
        before = self._places
        self._note_places()
        if not self._places:
            return []
        waiting = (one for one in self._console.executions.running() if one.queue_place)
        return [one for one in waiting if before.get(one.execution_id) != one.queue_place]

    def _note_places(self) -> None:
        executions = self._console.executions
        waiting = executions.running() if executions.counts().pending else ()
        self._places = {one.execution_id: one.queue_place for one in waiting if one.queue_place}

    def _rows(self, found: Iterable[Execution]) -> list[str]:
        console = self._console
        zone = console.settings.preferences.e2e_timezone
        return row_texts(found, console.executions.kinds, zone, console.clock.now())

    def _summarise(self) -> None:
        counts = self._console.executions.counts()
        parts: list[str] = []
        if counts.running:
            parts.append(tr("{n} running", n=counts.running))
        if counts.pending:
            parts.append(tr("{n} waiting", n=counts.pending))
            parts.append(tr("at most {limit} at once, parts not counted", limit=counts.limit))
        self._summary.set_text(" · ".join(parts) or tr("Nothing is running."))

    def _moved(self, path: str) -> None:
        """Follow the address: the menu or the back button leads to another view of this page."""
        plain = path.partition("?")[0].partition("#")[0].rstrip("/")
        filters = read_filters(query_of(path))
        if plain != PATH or filters == self._filters or self._root.is_deleted:
            return
        self._filters = filters
        keep_list(filters)
        self._bar.show(self._bar_values())
        self._background(self.load)

    # -- what an operator does

    def _choose(self, changes: Mapping[str, Any]) -> None:
        before = self._filters
        self._filters = changed(before, changes)
        if self._filters == before:
            return
        ui.navigate.history.replace(address(self._filters))
        keep_list(self._filters)
        self._background(self.load)

    def _show_all(self) -> None:
        self._filters = Filters()
        ui.navigate.history.replace(PATH)
        keep_list(self._filters)
        self._bar.show(self._bar_values())
        self._background(self.load)

    def _bar_values(self) -> dict[str, Any]:
        filters = self._filters
        names = ("kinds", "states", "text", "window", "start", "end")
        return {name: getattr(filters, name) for name in names}

    def _checked(self, keys: list[str]) -> None:
        self._chosen = keys
        self._choice.set_visibility(bool(keys))
        self._cancel.set_text(trn("Cancel {n} run", "Cancel {n} runs", len(keys)))

    def _uncheck(self) -> None:
        self._list.uncheck()

    async def _cancel_chosen(self) -> None:
        if await acts.cancel_runs(self._console, self._chosen):
            self._list.uncheck()

    async def _again(self, key: str) -> None:
        await acts.run_again(self._console, key)

    def _background(self, work: Callable[[], Any]) -> None:
        background_tasks.create(in_slot(self._root, work), name="executions page")

    def _show_problem(self, reason: str) -> None:
        self._problem.clear()
        self._problem.set_visibility(bool(reason))
        self._list.set_visibility(not reason)
        if reason:
            with self._problem:
                problem(tr("The list could not be read"), reason, self.load)

    def _say(self, reason: str) -> None:
        if not self._root.is_deleted:
            with self._root:
                toast(reason, tone="failed")
