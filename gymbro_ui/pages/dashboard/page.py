"""Overview page: draws the present state at once and follows every change."""

import re
from functools import partial
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from components.dashboard.broke import broke_list, since_strip
from components.dashboard.dots import HealthDots
from components.dashboard.first_steps import Beginning, FirstCalls, FirstSteps
from components.dashboard.root_cause import RootCause
from components.dashboard.running import RunningCalls, RunningNow
from components.dashboard.works import Works
from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import card, page_head
from components.primitives.empty import empty
from components.primitives.toast import toast
from components.primitives.toolbar import spacer
from components.settings.target_list import target_name
from components.words import sentence, tr
from gymbro_ui import demo_view
from gymbro_ui.actions import act
from gymbro_ui.pages.dashboard.history import History
from gymbro_ui.pages.dashboard.last_test import LastTest
from gymbro_ui.pages.dashboard.log_window import LogWindow
from gymbro_ui.pages.dashboard.numbers import NumbersPart
from gymbro_ui.pages.dashboard.supplier import supplier_calls
from gymbro_ui.run_actions import cancel_runs
from services.e2e.types import ChangeSinceSeen, Health, LaunchRequest
from services.foundation.errors import ConsoleError
from services.guide.types import Step

if TYPE_CHECKING:
    from services.console import Console

_ID = re.compile(r"[0-9A-Za-z_]{1,40}")
NOTHING_JUDGED = Health((), (), 0, 0, 0, None, None)


class OverviewPage:
    """One open Overview."""

    def __init__(self, console: "Console") -> None:
        """Start with nothing read from the store."""
        self._console = console
        self._changes: list[ChangeSinceSeen] = []
        self._steps: FirstSteps | None = None
        self._is_demo = demo_view.is_shown(console)
        self._made_up = NOTHING_JUDGED  # what the demo data shows, once it is read

    def draw(self) -> None:
        """Draw the frame of the page and fill it from memory."""
        with page_head(tr("Overview")):
            _quick_acts()
        self._first = ui.element("div").classes("gb-col")
        self._first.set_visibility(False)
        self._cause = RootCause()
        self._draw_head()
        self._numbers = NumbersPart(self._console, is_demo=self._is_demo)
        self._draw_health()
        self._numbers.draw_usage()
        with card(tr("Last conversation")):
            LastTest(self._console)
        with card(tr("Execution history"), toolbar=_all_link, tight=True):
            self._history = History(self._console)
        LogWindow(self._console)
        self._follow()
        self._show_all()

    async def load(self) -> None:
        """Read what is only in the store: the newest executions and the changes since seen."""
        if self._is_demo:
            self._made_up = await self._console.first_run.demo.health()
            self._show_health()
        await self._numbers.load()
        await self._history.load()
        await self._read_changes()

    def _draw_head(self) -> None:
        with ui.element("div").classes("ov-head") as self._head:
            with card(tr("Does it work?")):
                self._works = Works()
            with card(tr("Running now")):
                self._running = RunningNow(RunningCalls(self._start, self._cancel))
            with card(tr("What broke, and whose fault")):
                self._broke = ui.element("div").classes("gb-col gap-0")
        self._since = ui.element("div").classes("gb-col")

    def _draw_health(self) -> None:
        with card(tr("Health"), toolbar=_legend, note=tr("Newest real state, problems first")):
            self._dots = HealthDots(self._open_cell)
            self._nothing = ui.element("div")

    # -- what changes

    def _follow(self) -> None:
        console = self._console
        on_batch(console.e2e.health_changed, lambda _: self._health_changed())
        on_batch(console.e2e.finished, lambda _: self._health_changed())
        on_batch(console.e2e.launched, lambda _: self._show_health())
        on_batch(console.executions.changed, lambda _: self._show_running())
        on_batch(console.schedules.changed, lambda _: self._show_health())
        on_batch(console.settings.changed, lambda _: self._show_health())
        on_batch(console.targets.changed, lambda _: self._health_changed())
        on_batch(console.mapping.changed, lambda _: self._show_all())
        on_batch(console.first_run.guide.changed, lambda _: self._show_first())

    def _health_changed(self) -> None:
        self._show_all()
        background_tasks.create(self._read_changes(), name="changes since seen")

    def _show_all(self) -> None:
        self._show_health()
        self._show_running()

    def _show_health(self) -> None:
        console = self._console
        health, view = self._health(), console.schedules.view()
        self._cause.show(health, view.zone)
        self._works.show(health, view)
        self._dots.show(health, view, {m.name for m in console.mapping.mapped() if m.is_demo})
        self._dots.set_visibility(bool(health.mapped))
        self._show_nothing(is_empty=not health.mapped)
        self._show_lists()
        self._show_first()

    def _health(self) -> Health:
        """Return what is true now, or what the demo data says was."""
        return self._made_up if self._is_demo else self._console.e2e.health()

    def _show_nothing(self, *, is_empty: bool) -> None:
        self._nothing.clear()
        self._nothing.set_visibility(is_empty)
        if is_empty:
            with self._nothing:
                empty(
                    tr("Nothing to judge"),
                    tr("No model is mapped, so there is nothing that could be green."),
                    symbol="hub",
                )

    def _show_first(self) -> None:
        """Show the first steps until a supplier of one's own is mapped and an E2E was made."""
        begin = self._beginning()
        is_own = self._console.targets.current.is_self
        guide = self._console.first_run.guide.state
        is_left = (not begin.is_judged and Step.FIRST_E2E not in guide.skipped) or (
            is_own and not begin.real_models and Step.SUPPLIER not in guide.skipped
        )
        is_typed_in = self._steps is not None and self._steps.is_typed_in
        is_shown = (is_left or is_typed_in) and not guide.is_away and not self._is_demo
        self._first.set_visibility(is_shown)
        if not is_shown:
            self._first.clear()
            self._steps = None
            return
        if self._steps is None:
            calls = FirstCalls(
                self._start, self._dismiss, supplier_calls(self._console), self._show_first
            )
            with self._first:
                self._steps = FirstSteps(calls)
        self._steps.show(begin)

    def _beginning(self) -> Beginning:
        console = self._console
        mapped = console.mapping.mapped()
        forecast, health = console.e2e.forecast(LaunchRequest()), console.e2e.health()
        return Beginning(
            target_name=target_name(console.targets.current),
            real_models=sum(not model.is_demo for model in mapped),
            demo_models=sum(model.is_demo for model in mapped),
            conversations=forecast.conversations,
            seconds=forecast.seconds,
            is_running=health.running is not None,
            is_judged=health.judged_at is not None,
        )

    def _show_running(self) -> None:
        console = self._console
        cost = console.e2e.forecast(LaunchRequest()).conversations
        self._running.show(console.executions.running(), cost)

    def _show_lists(self) -> None:
        console = self._console
        zone, now = console.schedules.view().zone, console.clock.now()
        self._broke.clear()
        with self._broke:
            broke_list(self._health(), zone, now, self._open_cell)
        self._since.clear()
        self._since.set_visibility(bool(self._changes))
        if self._changes:
            with self._since:
                since_strip(self._changes, zone, now, self._acknowledge)

    async def _read_changes(self) -> None:
        if self._is_demo:
            return
        try:
            self._changes = await self._console.e2e.since_seen()
        except ConsoleError as error:
            self._say(error)
            return
        with self._head:
            if not self._head.is_deleted:
                self._show_lists()

    def _say(self, error: ConsoleError) -> None:
        with self._head:
            toast(sentence(error.message), tone="failed")

    # -- what an operator does

    async def _start(self) -> None:
        await act(lambda: self._console.e2e.start(LaunchRequest()))

    async def _dismiss(self) -> None:
        await act(self._console.first_run.guide.put_away)
        self._show_first()
        toast(tr("Ctrl+K, First steps brings it back"))

    async def _cancel(self, execution_id: str) -> None:
        await cancel_runs(self._console, [execution_id])

    async def _acknowledge(self) -> None:
        await act(self._console.e2e.acknowledge)
        await self._read_changes()

    def _open_cell(self, cell_id: int) -> None:
        ui.navigate.to(f"/e2e?cell={int(cell_id)}")


def _quick_acts() -> None:
    """Draw what one may want to do at once; running the E2E stands in the top bar."""
    spacer()
    for path, icon, text in (
        ("/simulator", "forum", tr("Simulate a chat")),
        ("/simulator/load", "speed", tr("Start a load test")),
    ):
        button(text, partial(ui.navigate.to, path), icon=icon)


def _all_link() -> None:
    ui.link(tr("All executions"), "/executions").classes("gb-link t-meta ov-all")


def _legend() -> None:
    with ui.element("div").classes("hd-legend"):
        ui.label(tr("left anonymous, right registered"))
