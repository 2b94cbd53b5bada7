"""View: the parts of a load test's page, from its figures of now or as they were kept."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.executions.facts import Facts
from components.executions.rows import address_of
from components.live import on_batch, on_return
from components.loadtest.figures import (
    ClassBar,
    PercentileTable,
    Tiles,
    error_columns,
    error_rows,
    threshold_rows,
    threshold_table,
)
from components.loadtest.plan_facts import Around, plan_facts
from components.loadtest.run_charts import RunCharts
from components.loadtest.run_head import Flow, HeadActs, RunHead
from components.loadtest.words import is_open
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.data_table import DataTable
from components.status.targets import target_name
from components.words import tr
from gymbro_ui import run_actions
from gymbro_ui.actions import act, in_slot
from gymbro_ui.pages.loadtest.calls import Calls
from gymbro_ui.pages.loadtest.filters import PATH
from services.executions.types import Execution
from services.foundation.errors import ConsoleError
from services.foundation.messages import Message
from services.loadtest.types import LoadRun

if TYPE_CHECKING:
    from services.console import Console

FIGURES_S = 0.25
CHARTS_S = 1.0


class LoadRunView:
    """One open run."""

    def __init__(self, console: "Console", run: LoadRun) -> None:
        """Show this run."""
        self._console = console
        self._run = run
        self._client = context.client
        self._reason = Message("")
        self._whole: tuple[str, str] | None = None  # address and title of what it is a step of
        self._calls = Calls(console, run)

    # -- drawing

    def draw(self) -> None:
        """Draw every part from what is known and follow every change."""
        acts = HeadActs(self._cancel, self._again, self._mark, self._tools)
        self._head = RunHead(self._run, acts)
        self._tiles = Tiles()
        with ui.element("div").classes("lt-two lt-two--figures"):
            with card(tr("Calls by class")):
                self._classes = ClassBar()
            with card(tr("Times of the successes")):
                self._times = PercentileTable()
        with card(tr("Over time"), note=tr("seconds since the first call")):
            self._charts = RunCharts()
        with ui.element("div").classes("lt-two lt-two--uneven"):
            with card(tr("Thresholds"), tight=True):
                self._limits = threshold_table()
            with card(tr("Errors by kind"), tight=True) as errors:
                errors.classes("lt-errors")
                self._errors = DataTable(
                    error_columns(),
                    [],
                    name=tr("Errors by kind"),
                    none=tr("No errors"),
                    on_open=self._open_example,
                    compact=True,
                )
        self._calls.draw()
        with card(tr("Plan")):
            self._plan = Facts()
        self._show()
        self._charts.show(self._run.timeline)
        self._follow()

    def _tools(self) -> None:
        run_id = self._run.run_id
        with ui.element("div").classes("gb-row gap-4"):
            for kind, name in (("csv", tr("CSV")), ("json", tr("JSON"))):
                made = button(name, icon="download", kind="quiet", small=True)
                made.props["href"] = f"{PATH}/{run_id}/export.{kind}"
                made.props["download"] = ""
                made.props["aria-label"] = tr("Download every call as {kind}", kind=name)
            ui.link(tr("Execution"), f"/executions/{run_id}").classes("gb-link t-table")

    def _follow(self) -> None:
        key, console = self._run.run_id, self._console
        on_batch(
            console.loadtest.changed,
            lambda _: self._moved(),
            FIGURES_S,
            keep=lambda one: one == key,
        )
        on_batch(
            console.loadtest.changed,
            lambda _: self._draw_charts(),
            CHARTS_S,
            keep=lambda o: o == key,
        )
        on_batch(
            console.executions.changed,
            self._executed,
            0.5,
            keep=lambda one: one.execution_id == key,
        )
        on_batch(
            console.load_history.changed,
            lambda _: self._later(self._read),
            keep=lambda one: one == key,
        )
        on_return(lambda: in_slot(self._head, self.load))

    # -- reading

    async def load(self) -> None:
        """Read the kept figures and the calls anew."""
        await self._read()
        await self._calls.load()

    async def _read(self) -> None:
        console, key = self._console, self._run.run_id
        self._run = console.loadtest.live(key) or await console.loadtest.run(key)
        execution = await self._execution()
        if execution is not None:
            self._reason = execution.reason
        await self._find_whole()
        self._show()
        self._charts.show(self._run.timeline)
        self._calls.follow(self._run)

    async def _find_whole(self) -> None:
        if self._run.parent_id is None or self._whole is not None:
            return
        try:
            whole = await self._console.executions.get(str(self._run.parent_id))
        except ConsoleError:
            return  # its row aged away
        self._whole = (address_of(whole), f"{tr(whole.label)} {whole.subject}".strip())

    async def _execution(self) -> Execution | None:
        try:
            return await self._console.executions.get(self._run.run_id)
        except ConsoleError:
            return None  # its row aged away before the run did

    # -- what changes

    def _moved(self) -> None:
        run = self._console.loadtest.live(self._run.run_id)
        if run is None:
            self._later(self.load)  # it has just ended
            return
        self._run = run
        self._show()
        self._calls.follow(run)

    def _draw_charts(self) -> None:
        self._charts.show(self._run.timeline)

    def _executed(self, batch: Sequence[Execution]) -> None:
        newest = batch[-1]
        self._reason = newest.reason
        if newest.is_cancelling and not newest.status.is_final:
            self._head.asked_to_end()
        if newest.status.is_final or self._console.loadtest.live(self._run.run_id) is None:
            self._later(self.load)

    def _show(self) -> None:
        run = self._run
        newest = run.timeline[-1] if run.timeline and is_open(run) else None
        flow = Flow(
            newest.in_flight if newest else 0, newest.waiting if newest else 0, run.plan.cap
        )
        self._head.show(run, flow, self._reason)
        self._tiles.show(run)
        self._classes.show(run)
        self._times.show(run.summary, is_open_model=run.plan.is_open)
        results = run.summary.thresholds if run.summary else ()
        self._limits.show(threshold_rows(results, is_over=not is_open(run)))
        self._errors.show(error_rows(run.summary))
        around = Around(self._target_word(), self._whole, self._zone, self._console.clock.now())
        self._plan.show(plan_facts(run, around))

    def _target_word(self) -> str:
        try:
            return target_name(self._console.targets.get(self._run.target_id))
        except ConsoleError:
            return self._run.target

    @property
    def _zone(self) -> str:
        return self._console.settings.preferences.e2e_timezone

    # -- what an operator does

    async def _open_example(self, row_id: str) -> None:
        no = row_id.partition(":")[0]
        if no.isdigit() and int(no):
            await self._calls.open(int(no))

    async def _cancel(self) -> None:
        with self._client:
            await run_actions.cancel_runs(self._console, [self._run.run_id])

    def _again(self) -> None:
        ui.navigate.to(f"{PATH}?from={self._run.run_id}")

    async def _mark(self) -> None:
        history, run = self._console.load_history, self._run
        if run.baseline:
            await act(lambda: history.unset_baseline(run.run_id), done=tr("No baseline any more"))
        else:
            await act(lambda: history.set_baseline(run.run_id), done=tr("It is the baseline now"))

    def _later(self, work: Callable[[], Awaitable[Any]]) -> None:
        background_tasks.create(in_slot(self._head, work), name="page of a load test")
