"""History: the load tests that were kept, filtered, followed live, chosen to be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.live import on_batch
from components.loadtest.history_bar import HistoryBar
from components.loadtest.history_table import history_rows, history_table
from components.loadtest.words import run_title
from components.primitives.big_table import Acted, BigTable, TableCalls
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.confirm import confirm
from components.primitives.empty import problem
from components.primitives.toast import toast
from components.status.targets import target_name
from components.words import sentence, tr, trn
from gymbro_ui.actions import act
from gymbro_ui.pages.loadtest.filters import PATH, address, changed, read_filters
from services.executions.types import Execution
from services.foundation.errors import ConsoleError
from services.load_history.types import COMPARED_MOST, HistoryRun
from services.loadtest.types import KIND

if TYPE_CHECKING:
    from services.console import Console

PAGE = 100
LIVE_S = 1.0


class History:
    """One open list."""

    def __init__(self, console: "Console") -> None:
        """Read from the address what is wanted."""
        self._console = console
        self._client = context.client
        path = context.client.sub_pages_router.current_path
        self._filters = read_filters(path.partition("?")[2].partition("#")[0])
        self._rows: list[HistoryRun] = []
        self._total = 0
        self._asked = 0
        self._picked: tuple[str, ...] = ()

    def draw(self) -> None:
        """Draw the empty list and follow what changes."""
        with card(
            tr("Load tests"), toolbar=self._tools, note=self._kept_note(), tight=True
        ) as body:
            body.classes("lt-history")
            models = {key.name: key.name for key in self._console.mapping.mapped()}
            targets = {one.id: target_name(one) for one in self._console.targets.all()}
            values = {
                "state": self._filters.state,
                "model": self._filters.model,
                "target": self._filters.target,
                "window": self._filters.window,
                "text": self._filters.text,
            }
            HistoryBar(values, models, targets, self._choose)
            self._table = self._draw_table()
            with ui.element("div").classes("lt-more-rows") as self._more:
                button(tr("Older ones"), self._older)
            self._problem = ui.element("div")
        self._more.set_visibility(False)
        self._follow()

    def _draw_table(self) -> BigTable:
        return history_table(TableCalls(self._open, self._act, self._pick))

    def _tools(self) -> None:
        self._compare = button(
            tr("Compare"), self._compare_picked, icon="compare_arrows", small=True
        )
        self._pick(())

    def _kept_note(self) -> str:
        days = self._console.settings.preferences.retention_load_days
        return trn(
            "Kept for {n} day; a baseline until it is none any more",
            "Kept for {n} days; a baseline until it is none any more",
            days,
        )

    def _follow(self) -> None:
        console = self._console
        on_batch(
            console.executions.changed,
            self._executed,
            LIVE_S,
            keep=lambda o: o.execution_type == KIND,
        )
        on_batch(console.loadtest.changed, self._moved, LIVE_S)
        on_batch(console.load_history.changed, lambda _: self.reload(), LIVE_S)

    # -- reading

    def reload(self) -> None:
        """Read the list anew, in the background."""
        background_tasks.create(self._in_slot(), name="load tests of a page")

    async def _in_slot(self) -> None:
        if not self._problem.is_deleted:
            with self._problem:
                await self.load()

    async def load(self) -> None:
        """Read the newest runs that match; a newer reading wins over this one."""
        self._asked += 1
        asked, wanted = self._asked, self._filters.wanted(self._console.clock.now())
        count = max(PAGE, len(self._rows))
        try:
            page = await self._console.load_history.page(wanted, limit=count, offset=0)
        except ConsoleError as error:
            self._fail(sentence(error.message))
            return
        if asked == self._asked and not self._problem.is_deleted:
            self._rows, self._total = list(page.rows), page.total
            self._fail("")
            self._show()

    async def _older(self) -> None:
        wanted = self._filters.wanted(self._console.clock.now())
        page = await act(
            lambda: self._console.load_history.page(wanted, limit=PAGE, offset=len(self._rows))
        )
        if page is not None:
            known = {one.run.run_id for one in self._rows}
            self._rows += [one for one in page.rows if one.run.run_id not in known]
            self._total = page.total
            self._show()

    def _fail(self, reason: str) -> None:
        self._problem.clear()
        self._table.set_visibility(not reason)
        if reason:
            with self._problem:
                problem(tr("The list could not be read"), reason, self.load)

    def _show(self) -> None:
        targets = {one.id: target_name(one) for one in self._console.targets.all()}
        zone = self._console.settings.preferences.e2e_timezone
        self._table.show(history_rows(self._rows, targets, zone))
        self._more.set_visibility(len(self._rows) < self._total)

    # -- what changes

    def _executed(self, batch: Sequence[Execution]) -> None:
        known = {one.run.run_id: one.run.state for one in self._rows}
        news = [one for one in batch if known.get(one.execution_id) != str(one.status)]
        if news:
            self.reload()

    def _moved(self, batch: Sequence[str]) -> None:
        live = {run_id: self._console.loadtest.live(run_id) for run_id in set(batch)}
        for at, one in enumerate(self._rows):
            run = live.get(one.run.run_id)
            if run is not None:
                self._rows[at] = replace(one, run=run)
        self._show()

    # -- what an operator does

    async def _choose(self, changes: Mapping[str, Any]) -> None:
        before = self._filters
        self._filters = changed(before, changes)
        if self._filters != before:
            ui.navigate.history.replace(address(self._filters))
            self._rows = []
            await self.load()

    def _open(self, run_id: str) -> None:
        ui.navigate.to(f"{PATH}/{run_id}")

    def _pick(self, picked: tuple[str, ...]) -> None:
        self._picked = picked
        count = len(picked)
        self._compare.set_enabled(2 <= count <= COMPARED_MOST)
        text = trn("Compare {n} run", "Compare {n} runs", count) if count else tr("Compare")
        self._compare.set_text(
            text if count <= COMPARED_MOST else tr("At most {n}", n=COMPARED_MOST)
        )
        self._compare.props["title"] = tr("Choose 2 to {most} runs", most=COMPARED_MOST)

    def _compare_picked(self) -> None:
        order = [one.run.run_id for one in reversed(self._rows) if one.run.run_id in self._picked]
        ui.navigate.to(f"{PATH}/compare?runs={','.join(order)}")

    async def _act(self, acted: Acted) -> None:
        run = next((o.run for o in self._rows if o.run.run_id == acted.row_id), None)
        if run is None:
            return
        history = self._console.load_history
        if acted.act == "mark" and run.baseline:
            await act(partial(history.unset_baseline, run.run_id), done=tr("No baseline any more"))
        elif acted.act == "mark":
            await act(partial(history.set_baseline, run.run_id), done=tr("It is the baseline now"))
        elif acted.act == "delete":
            await self._delete(run.run_id, run_title(run))

    async def _delete(self, run_id: str, title: str) -> None:
        with self._client:
            agreed = await confirm(
                tr("Delete this load test?"),
                tr("{title}: its figures and calls are deleted; the execution stays.", title=title),
                accept=tr("Delete"),
                danger=True,
            )
        if agreed:
            await act(lambda: self._console.load_history.delete(run_id))
            toast(tr("Deleted"))
