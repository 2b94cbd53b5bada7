"""E2E page: toolbar, matrix, trend; loads what the filters ask for and follows every change."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.charts.line import LineChart
from components.e2e.grid import count_states, with_changes
from components.e2e.matrix import MatrixCalls
from components.e2e.payload import Frame, rows_sentence
from components.e2e.run_control import RunCalls, RunControl
from components.e2e.schedule_card import ScheduleCard, ScheduleFacts
from components.e2e.summary import Summary
from components.e2e.trend import FEWEST, trend_options
from components.live import on_batch
from components.primitives.card import card, page_head
from components.primitives.skeleton import skeleton_rows
from components.primitives.toast import toast
from components.primitives.toolbar import spacer
from components.words import sentence, tr
from gymbro_ui import demo_view
from gymbro_ui.actions import act
from gymbro_ui.pages.e2e.again import run_choices, run_requests
from gymbro_ui.pages.e2e.bar import BarCalls, FilterBar
from gymbro_ui.pages.e2e.board import Board, BoardCalls
from gymbro_ui.pages.e2e.filters import address, read_filters, window_with
from gymbro_ui.pages.e2e.inspector import Inspector
from gymbro_ui.pages.e2e.schedule import edit_schedule
from services.e2e.types import CellChange, Launch, LaunchRequest, Matrix, TrendPoint
from services.foundation.errors import ConsoleError
from services.schedules.types import Every, OffSpan, ScheduleView
from services.targets.types import DEMO_TARGET_ID

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
_NOTHING = Matrix((), ())


class E2ePage:
    """One open page; every state it shows can be read again at any time."""

    def __init__(self, console: "Console") -> None:
        """Read the filters from the address."""
        self._console = console
        path = context.client.sub_pages_router.current_path
        self._filters = read_filters(path.partition("?")[2].partition("#")[0])
        self._matrix = _NOTHING
        self._launch: Launch | None = None  # the one the address names
        self._is_compact = True
        self._asked = 0  # number of the newest load; older ones are dropped
        self._early: list[CellChange] = []  # changes that came while a load was under way
        self._is_loading = False
        self._has_missed = False  # the browser was away while cells changed
        self._is_demo = demo_view.is_shown(console)

    async def find_asked(self) -> None:
        """Look for the launch the address names, and choose a window in which it has a column."""
        console = self._console
        if self._filters.launch:
            launch = self._launch = await console.e2e.launch_of(self._filters.launch)
            if launch is not None:
                window = window_with(launch.started_at, console.clock.now())
                self._filters = replace(self._filters, window=window)

    def draw(self) -> None:
        """Draw the page as a skeleton and follow every change."""
        with page_head(tr("E2E records")):
            self._summary = Summary()
            spacer()
            self._schedule = ScheduleCard(self._edit_schedule)
            self._run = RunControl(RunCalls(self._start, self._cancel))
        self._root = ui.element("div").style("display:contents")
        self._bar = FilterBar(
            self._filters, self._model_names(), BarCalls(self._choose, self._toggle_density)
        )
        self._inspector = Inspector(
            self._console,
            lambda: self._matrix,
            lambda: self._filters.user_types,
            self.reload,
        )
        self._draw_board()
        self._draw_trend()
        self._follow()
        self._show_run()
        self._show_schedule()

    def open_asked(self) -> None:
        """Open the cell or the launch the address names, if it names one."""
        if self._filters.cell_id:
            self._inspector.open_cell(self._filters.cell_id)
        elif self._filters.launch and (reason := self._inspector.open_launch(self._launch)):
            with self._root:
                toast(reason, tone="failed")

    def reload(self) -> None:
        """Load in the background."""
        background_tasks.create(self.load(), name="load the E2E page")

    async def load(self) -> None:
        """Read what the filters ask for and show it; a newer load wins over this one."""
        self._asked += 1
        asked = self._asked
        self._is_loading = True
        with self._root:
            try:
                matrix, off_spans, trend = await self._read()
            except ConsoleError as error:
                self._fail(asked, sentence(error.message))
                return
            except Exception:  # noqa: BLE001  # boundary: the page must say that it failed
                _log.exception("the E2E page could not read its results")
                self._fail(asked, tr("A fault in the console. The log has the details."))
                return
            if asked == self._asked and not self._root.is_deleted:
                self._is_loading = False
                self._show(matrix, off_spans, trend)

    async def _read(self) -> tuple[Matrix, list[OffSpan], list[TrendPoint]]:
        filters, console = self._filters, self._console
        target_id = DEMO_TARGET_ID if self._is_demo else console.targets.current.id
        matrix = await console.e2e.matrix(
            target_id=target_id,
            window=filters.window,
            models=filters.models,
            user_types=filters.user_types,
        )
        if not matrix.columns:
            return matrix, [], []
        start = matrix.columns[0].started_at
        now = console.clock.now()
        off_spans = await console.schedules.off_spans(start, now, is_demo=self._is_demo)
        trend = await console.e2e.trend(target_id=target_id, window=filters.window)
        return matrix, off_spans, trend

    def _fail(self, asked: int, reason: str) -> None:
        if asked == self._asked and not self._root.is_deleted:
            self._is_loading = False
            self._waits.set_visibility(False)
            self._board.fail(reason)

    # -- drawing

    def _draw_board(self) -> None:
        inspector = self._inspector
        matrix = MatrixCalls(
            open=inspector.open,
            peek=inspector.peek,
            again=inspector.again,
            sort=lambda sort: self._choose(sort=sort),
            escape=inspector.close,
        )
        self._board = Board(
            BoardCalls(
                matrix,
                open_model=inspector.open_model,
                clear_models=self._bar.clear_models,
                widen=lambda: self._choose(window="30d"),
                retry=self.reload,
            )
        )

    def _draw_trend(self) -> None:
        with card(
            tr("Trend"), note=tr("All models: share of good answers and latency of each launch")
        ) as body:
            self._waits = skeleton_rows(4)
            self._too_few = ui.label(tr("A trend needs two launches.")).classes("c-muted")
            self._too_few.set_visibility(False)
            self._chart = LineChart(trend_options([], []), name=tr("Trend"), height="200px")
            self._chart.set_visibility(False)
        self._trend_card = body

    def _model_names(self) -> set[str]:
        shown = {row.model_key for row in self._matrix.rows}
        mapped = () if self._is_demo else self._console.e2e.health().mapped
        return {*mapped, *shown, *self._filters.models}

    def _show(self, matrix: Matrix, off_spans: list[OffSpan], trend: list[TrendPoint]) -> None:
        early, self._early = self._early, []
        self._matrix = matrix = with_changes(matrix, early)
        self._has_missed = False
        view = self._console.schedules.view()
        frame = Frame(view.zone, interval_of(view), off_spans, self._filters.sort)
        has_models = self._is_demo or bool(self._console.e2e.health().mapped)
        self._board.show(matrix, self._filters, frame, has_models=has_models)
        self._inspector.grid = self._board.grid
        self._summary.show(count_states(matrix.rows))
        size = rows_sentence(len(matrix.rows), len(matrix.columns))
        self._bar.show(self._model_names(), size)
        self._waits.set_visibility(False)
        self._too_few.set_visibility(len(trend) < FEWEST)
        self._chart.set_visibility(len(trend) >= FEWEST)
        self._chart.show(trend_options(trend, off_spans))

    # -- what changes

    def _follow(self) -> None:
        console = self._console
        on_batch(console.e2e.cell_changed, self._cells_changed)
        for signal in (console.e2e.launched, console.e2e.finished):
            on_batch(signal, lambda _: self._launch_changed())
        on_batch(console.e2e.health_changed, lambda _: self._show_run())
        on_batch(console.targets.changed, lambda _: self.reload())
        on_batch(console.prompts.changed, lambda _: self.reload())  # it leaves a mark
        on_batch(console.schedules.changed, lambda _: self._show_schedule())
        on_batch(console.settings.changed, lambda _: self._show_schedule())

    def _launch_changed(self) -> None:
        self._show_run()
        self.reload()

    def _cells_changed(self, changes: list[CellChange]) -> None:
        self._run.running(changes[-1].done, changes[-1].total)
        if self._is_demo:
            return
        if self._is_loading:
            self._early.extend(changes)
        elif self._has_missed or self._filters.mode == "table":
            self.reload()
        else:
            self._has_missed = not self._board.patch(changes)
        self._inspector.changed(changes)

    def _show_run(self) -> None:
        health = self._console.e2e.health()
        if health.running is not None:
            self._run.running(health.done, health.total)
            return
        costs = {
            key: self._console.e2e.forecast(request).conversations
            for key, request in run_requests(health.dots).items()
        }
        self._run.idle(run_choices(costs))

    def _show_schedule(self) -> None:
        per_day = self._console.e2e.forecast(LaunchRequest()).per_day
        view, now = self._console.schedules.view(), self._console.clock.now()
        self._schedule.show(ScheduleFacts(view, per_day, now))

    # -- what an operator does

    def _choose(self, **changes: Any) -> None:
        before = self._filters
        self._filters = replace(before, **changes)
        if self._filters == before:
            return
        ui.navigate.history.replace(address(self._filters))
        self._bar.name_models(self._filters)
        self.reload()

    def _toggle_density(self) -> None:
        self._is_compact = not self._is_compact
        self._board.density(is_compact=self._is_compact)

    async def _start(self, key: str) -> None:
        request = run_requests(self._console.e2e.health().dots).get(key)
        if request is not None:
            await act(lambda: self._console.e2e.start(request))

    async def _cancel(self) -> None:
        await act(self._console.e2e.cancel, done=tr("Cancelled; what was judged is kept"))

    def _edit_schedule(self) -> None:
        edit_schedule(self._console)


def interval_of(view: ScheduleView) -> timedelta:
    """Return the time between two checks of the schedule."""
    return timedelta(hours=view.rule.hours if isinstance(view.rule, Every) else 24)
