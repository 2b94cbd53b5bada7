"""Sync page: the state of both sides, the differences, and what waits."""

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.live import on_batch
from components.primitives.banner import banner
from components.primitives.big_table import BigTable, TableCalls, TableShape, TableWords
from components.primitives.button import button
from components.primitives.card import page_head
from components.primitives.empty import empty, problem
from components.primitives.toolbar import spacer
from components.sync import rows
from components.sync.apply_dialog import confirm_apply
from components.sync.difference import DifferenceDrawer
from components.sync.progress import SyncProgress
from components.sync.strip import StripFacts, SyncStrip
from components.words import sentence, tr, trn
from gymbro_ui.actions import act
from gymbro_ui.pages.sync.waiting import WaitingSection
from services.executions.types import Execution
from services.foundation.errors import ConsoleError
from services.sync.types import Choice, SyncItem, SyncPlan

if TYPE_CHECKING:
    from services.console import Console

KIND = "sync"
HEIGHT = "max(280px, calc(100dvh - var(--top) - var(--foot) - 320px))"


class SyncPage:
    """One open page; its choices are its own until they are applied."""

    def __init__(self, console: "Console") -> None:
        """Keep the console."""
        self._console = console
        self._cloud = console.cloud
        self._client = context.client
        self._plan: SyncPlan | None = None
        self._choices: dict[str, Choice] = {}
        self._picked: tuple[str, ...] = ()
        self._is_mine = False  # whether the sync that runs was started here

    async def draw(self) -> None:
        """Draw everything and follow every change."""
        with page_head(tr("Sync with Supabase")):
            spacer()
            button(tr("Settings"), lambda: ui.navigate.to("/settings#supabase"), icon="tune")
            self._progress = SyncProgress(self._cancel)
            self._look = button(
                tr("Look at the differences"), self._preview, icon="difference", kind="primary"
            )
            self._apply = button("", self._carry_out, kind="primary", icon="done_all", acts=True)
        self._strip = SyncStrip(await self._facts())
        self._body = ui.element("div").classes("gb-col")
        self._waiting = WaitingSection(self._console)
        self._drawer = DifferenceDrawer(self._choose)
        self._draw_body()
        await self._waiting.show()
        self._follow()

    def _follow(self) -> None:
        cloud = self._cloud
        on_batch(cloud.supabase.changed, lambda _: self._refresh_later())
        on_batch(cloud.outbox.changed, lambda _: self._refresh_later())
        on_batch(self._console.executions.changed, self._executions_changed)
        running = next((e for e in self._console.executions.running() if _is_sync(e)), None)
        self._show_running(running)

    def _refresh_later(self) -> None:
        self._later(self._refresh())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        background_tasks.create(self._in_page(work), name="sync page")

    async def _in_page(self, work: Coroutine[Any, Any, None]) -> None:
        if self._body.is_deleted:
            work.close()
            return
        with self._body:
            await work

    async def _refresh(self) -> None:
        facts = await self._facts()
        if self._body.is_deleted:
            return
        self._strip.show(facts)
        await self._waiting.show()
        is_set_up = self._cloud.sync.is_configured
        self._look.set_enabled(is_set_up)

    async def _facts(self) -> StripFacts:
        cloud = self._cloud
        return StripFacts(
            cloud.supabase.view,
            cloud.outbox.view,
            await cloud.sync.last_synced_at(),
            self._console.settings.preferences.e2e_timezone,
        )

    # -- differences

    def _draw_body(self) -> None:
        self._body.clear()
        has_items = self._plan is not None and bool(self._plan.items)
        _hide(self._apply, is_hidden=not has_items)
        _dress(self._look, is_primary=not has_items)
        with self._body:
            if not self._cloud.sync.is_configured:
                self._look.set_enabled(False)
                acts = empty(
                    tr("No Supabase project is set up"),
                    tr(
                        "Without one this console's own database is the authority. With one, each change goes"
                        " there first, and both sides are compared here before anything is taken over."
                    ),
                    symbol="cloud_off",
                )
                with acts:
                    button(
                        tr("Set it up"), lambda: ui.navigate.to("/settings#supabase"), icon="tune"
                    )
            elif self._plan is None:
                empty(
                    tr("Nothing was compared yet"),
                    tr(
                        "Looking changes nothing: every difference is shown with what it would break."
                    ),
                    symbol="difference",
                )
            else:
                self._draw_plan(self._plan)

    def _draw_plan(self, plan: SyncPlan) -> None:
        for note in plan.notes:
            banner(sentence(note))
        if not plan.items:
            empty(
                tr("Both sides are alike"),
                trn("{n} row compared", "{n} rows compared", plan.same),
                symbol="check_circle",
            )
            return
        words = TableWords(
            name=tr("Differences"),
            search=tr("Find a difference"),
            none=tr("Both sides are alike"),
            facets=rows.facets(),
        )
        shape = TableShape(rows.columns(), (), HEIGHT)
        calls = TableCalls(open=self._open, act=lambda _: None, pick=self._pick)
        self._table = BigTable(shape, words, calls)
        with self._table, ui.element("div").classes("gb-row gb-wrap"):
            self._bulk = [
                button(tr("As proposed"), lambda: self._choose_picked(None), small=True),
                button(tr("Take Supabase's"), lambda: self._choose_picked(Choice.PULL), small=True),
                button(tr("Send ours"), lambda: self._choose_picked(Choice.PUSH), small=True),
                button(tr("Leave as it is"), lambda: self._choose_picked(Choice.SKIP), small=True),
            ]
        self._pick(())
        self._show_rows()

    def _show_rows(self) -> None:
        assert self._plan is not None
        self._table.show(rows.item_rows(self._plan.items, self._choices))
        n = sum(choice is not Choice.SKIP for choice in self._choices.values())
        self._apply.set_text(trn("Apply {n} choice", "Apply {n} choices", n))
        self._apply.set_enabled(n > 0)

    async def _preview(self) -> None:
        self._look.props("loading")
        self._drawer.close()
        try:
            self._plan = await self._cloud.sync.preview()
        except ConsoleError as error:
            self._plan = None
            self._draw_body()
            self._body.clear()
            with self._body:
                problem(
                    tr("Supabase could not be compared"), sentence(error.message), self._preview
                )
        else:
            self._choices = {item.id: item.usual for item in self._plan.items}
            self._draw_body()
        finally:
            self._look.props(remove="loading")

    def _open(self, item_id: str) -> None:
        item = self._item(item_id)
        if item is not None:
            self._drawer.show(item, self._choices.get(item.id, Choice.SKIP))

    def _item(self, item_id: str) -> SyncItem | None:
        items = self._plan.items if self._plan is not None else ()
        return next((item for item in items if item.id == item_id), None)

    def _pick(self, ids: Sequence[str]) -> None:
        self._picked = tuple(ids)
        for one in self._bulk:
            _hide(one, is_hidden=not ids)

    def _choose(self, item: SyncItem, choice: Choice) -> None:
        self._choices[item.id] = choice
        self._show_rows()

    def _choose_picked(self, choice: Choice | None) -> None:
        """Choose the same for every picked row; what a row does not offer leaves it as it was."""
        picked = set(self._picked)
        for item in self._plan.items if self._plan is not None else ():
            wanted = item.usual if choice is None else choice
            if item.id in picked and wanted in item.choices:
                self._choices[item.id] = wanted
        self._show_rows()
        self._table.unpick()
        if self._drawer.is_open:
            self._open(self._drawer.item_id)

    # -- carrying out

    async def _carry_out(self) -> None:
        plan = self._plan
        if plan is None:
            return
        chosen = [(item, self._choices.get(item.id, Choice.SKIP)) for item in plan.items]
        with self._client:
            agreed = await confirm_apply([one for one in chosen if one[1] is not Choice.SKIP])
        if not agreed:
            return
        started = await act(lambda: self._start(plan), done=tr("The sync has begun"))
        if started is not None:
            self._is_mine = True
            self._plan = None
            self._drawer.close()
            self._draw_body()
            self._show_running(started)

    async def _start(self, plan: SyncPlan) -> Execution:
        self._cloud.sync.choose(plan.id, self._choices)
        return await self._console.executions.start(KIND, {"plan": plan.id})

    def _executions_changed(self, changed: list[Execution]) -> None:
        mine = [execution for execution in changed if _is_sync(execution)]
        if not mine:
            return
        latest = mine[-1]
        self._show_running(None if latest.status.is_final else latest)
        if latest.status.is_final:
            self._refresh_later()
            if self._is_mine:  # what is left after one's own sync is looked at once more
                self._is_mine = False
                self._later(self._preview())

    def _show_running(self, running: Execution | None) -> None:
        self._progress.show(running)
        self._look.set_enabled(running is None and self._cloud.sync.is_configured)

    async def _cancel(self, execution_id: str) -> None:
        await act(
            lambda: self._console.executions.cancel(execution_id),
            done=tr("Cancelled; what was not sent waits in the outbox"),
        )


def _hide(element: ui.element, *, is_hidden: bool) -> None:
    element.classes(add="gb-hide" if is_hidden else "", remove="" if is_hidden else "gb-hide")


def _dress(element: ui.element, *, is_primary: bool) -> None:
    kinds = ("gb-btn-primary", "gb-btn-default")
    element.classes(add=kinds[not is_primary], remove=kinds[is_primary])


def _is_sync(execution: Execution) -> bool:
    return execution.execution_type == KIND
