"""Numbers of the Overview: figures, chart and models of a window, kept live at the interval of the settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.charts.line import LineChart
from components.charts.options import INK, Axis, Series, lines
from components.dashboard.figure_tiles import Seen, left_out_text, rate_text, tiles_of
from components.dashboard.figures import FigureStrip
from components.dashboard.row_drawer import Row, RowDrawer
from components.live import on_batch, on_return
from components.primitives.card import card
from components.primitives.data_table import Column, DataTable
from components.primitives.formats import NOTHING, count_text, duration_text, epoch_ms
from components.primitives.toast import toast
from components.primitives.toolbar import Segment, spacer
from components.ways import LIVE, changed_way, way_of
from components.words import sentence, tr
from services.foundation.errors import ConsoleError
from services.stats.types import APP_ONLY, EVERY, CallPage, Calls, Figures, Origin, Point, UserPage

if TYPE_CHECKING:
    from services.console import Console

MODELS_SHOWN = 12


class NumbersPart:
    """The strip is drawn where this is made, the chart where `draw_usage` is called."""

    def __init__(self, console: "Console", *, is_demo: bool = False) -> None:
        """Draw the strip without figures; `load` reads them, of the demo data where that is shown."""
        self._console = console
        self._client = context.client
        self._is_demo = is_demo
        self._window, self._origins = "24h", (Origin.DEMO,) if is_demo else tuple(APP_ONLY)
        self._jwt: dict[str, Any] | None = None
        self._is_asking = False
        with ui.element("div").classes("gb-col") as self._root:
            self._draw_bar()
            self._strip = FigureStrip(self._open)
            self._drawer = RowDrawer(
                lambda: {one.id: one.name for one in console.models.endpoints}, self._zone
            )
        self._timer = self._new_timer()
        self._follow()

    def draw_usage(self) -> None:
        """Draw the chart and the table of models in the present slot."""
        with ui.element("div").classes("nf-usage"):
            with card(tr("Requests and latency")):
                self._chart = LineChart(lines([]), name=tr("Requests and latency"), height="240px")
                self._none = ui.label(tr("No request in this window")).classes("c-muted")
            with card(tr("By model"), tight=True, note=tr("tokens as the supplier reports them")):
                self._models = DataTable(
                    (
                        Column("model", tr("Model")),
                        Column("calls", tr("Calls"), end=True),
                        Column("good", tr("Good"), end=True),
                        Column("mean", tr("Mean"), end=True),
                        Column("tokens", tr("Tokens"), end=True),
                        Column("told", tr("Reported"), end=True),
                    ),
                    [],
                    name=tr("By model"),
                    none=tr("No call in this window"),
                    compact=True,
                )

    async def load(self) -> None:
        """Read and show the figures; where the store refuses, what is shown turns stale by itself."""
        numbers = self._console.stats.numbers
        try:
            figures = await numbers.figures(self._window, self._origins)
            points = await numbers.points(self._window, self._origins)
            seen = await self._besides(figures, points)
        except ConsoleError as error:
            self._say(error)
            return
        if self._root.is_deleted:
            return
        self._ask_for_tokens()
        with self._root:
            self._show_strip(seen)
            self._show_usage(figures, points)

    # -- drawing

    def _draw_bar(self) -> None:
        with ui.element("div").classes("nf-bar"):
            Segment(
                {"1h": tr("1 h"), "24h": tr("24 h"), "7d": tr("7 d"), "30d": tr("30 d")},
                self._window,
                self._choose_window,
                name=tr("Window"),
            )
            if not self._is_demo:
                Segment(
                    {"app": tr("App users"), "all": tr("Everybody")},
                    "app",
                    self._choose_origins,
                    name=tr("Whose traffic"),
                )
            spacer()

    async def _besides(self, figures: Figures, points: Sequence[Point]) -> Seen:
        """Return the figures with what stands beside them: real, or made up like them."""
        console, demo = self._console, self._console.first_run.demo
        if self._is_demo:
            days, health = await demo.days(self._zone), await demo.health()
            connectivity, jwt = demo.connectivity(), demo.availability()
        else:
            days, health = await console.upkeep.days.newest(), console.e2e.health()
            is_running = console.monitor.view().is_running
            connectivity = console.stats.api_connectivity(
                console.models.endpoints, is_running=is_running
            )
            jwt = self._jwt
        now = console.clock.now()
        return Seen(figures, points, days, connectivity, jwt, health, self._zone, now)

    def _show_strip(self, seen: Seen) -> None:
        figures = seen.figures
        self._strip.show(
            tiles_of(seen),
            as_of=figures.as_of,
            zone=self._zone,
            pace_s=self._pace_s,
            is_pushed=self._is_pushed,
            left_out=left_out_text(figures),
        )

    def _show_usage(self, figures: Figures, points: Sequence[Point]) -> None:
        is_any = any(point.total for point in points)
        self._chart.set_visibility(is_any)
        self._none.set_visibility(not is_any)
        if is_any:
            self._chart.show(chart_of(points))
        models = sorted(figures.by_model.items(), key=lambda item: (-item[1].total, item[0]))
        self._models.show([_model_row(name, calls) for name, calls in models[:MODELS_SHOWN]])

    # -- what changes

    def _follow(self) -> None:
        console = self._console
        on_batch(console.settings.changed, lambda _: self._repace())
        on_batch(changed_way(self._client), lambda _: self._repace())
        on_batch(console.models.changed, lambda _: self._later(), every_s=1.0)
        on_batch(console.e2e.health_changed, lambda _: self._later(), every_s=1.0)
        on_batch(console.upkeep.days.changed, lambda _: self._later())
        on_return(self.load)

    def _repace(self) -> None:
        if self._timer.interval != self._pace_s:  # a timer that sleeps would sleep on as before
            self._timer.cancel()
            self._timer = self._new_timer()
        self._later()

    def _new_timer(self) -> ui.timer:
        with self._root:
            return ui.timer(self._pace_s, self.load, immediate=False)

    def _later(self) -> None:
        background_tasks.create(self.load(), name="figures of the Overview")

    @property
    def _is_pushed(self) -> bool:
        return way_of(self._client) == LIVE and self._console.settings.preferences.push_enabled

    @property
    def _pace_s(self) -> float:
        preferences = self._console.settings.preferences
        if self._is_pushed:
            return float(preferences.websocket_push_interval)
        return float(preferences.http_poll_interval)

    @property
    def _zone(self) -> str:
        return self._console.settings.preferences.e2e_timezone

    def _choose_window(self, window: str) -> None:
        self._window = window
        self._later()

    def _choose_origins(self, word: str) -> None:
        self._origins = EVERY if word == "all" else (Origin.APP,)
        self._later()

    def _ask_for_tokens(self) -> None:
        """Ask beside the page: a key set that cannot be had must not hold up the other figures."""
        if not self._is_asking:
            self._is_asking = True
            background_tasks.create(self._read_tokens(), name="JWT availability")

    async def _read_tokens(self) -> None:
        console = self._console
        was = self._jwt
        try:
            self._jwt = await console.stats.jwt_availability(console.e2e.obtaining.body())
        finally:
            self._is_asking = False
        if self._jwt != was and not self._root.is_deleted:
            await self.load()

    def _say(self, error: ConsoleError) -> None:
        if not self._root.is_deleted:
            with self._root:
                toast(sentence(error.message), tone="failed")

    # -- what was counted

    async def _open(self, key: str) -> None:
        homes = {"connectivity": "/models", "e2e": "/e2e", "jwt": "/settings"}
        if key in homes:
            ui.navigate.to(homes[key])
            return
        console, window, origins = self._console, self._window, self._origins
        figures = await console.stats.numbers.figures(window, origins)
        numbers = console.stats.numbers

        async def older(after: Row | None) -> UserPage | CallPage | None:
            try:
                if key == "actives":
                    return await numbers.users(window, origins, after)  # pyright: ignore[reportArgumentType]  # its own rows come back
                return await numbers.calls(window, origins, after)  # pyright: ignore[reportArgumentType]  # its own rows come back
            except ConsoleError as error:
                self._say(error)
                return None

        is_users = key == "actives"
        await self._drawer.list(
            tr("Active users") if is_users else tr("AI requests"),
            tr("One row a user, with the last request in the window.")
            if is_users
            else tr("One row a minute, user, endpoint and model."),
            figures.active_users if is_users else figures.calls.total,
            console.clock.now(),
            older,
        )


def chart_of(points: Sequence[Point]) -> dict[str, Any]:
    """Return the chart's options: requests as an area, p50 and p95 in seconds on the right."""

    def at(point: Point) -> int:
        return epoch_ms(point.start) or 0

    def seconds(ms: int | None) -> float | None:
        return None if ms is None else round(ms / 1000, 3)

    series = [
        Series(tr("requests"), [(at(p), float(p.total)) for p in points], dash="solid", area=True),
        Series("p50", [(at(p), seconds(p.p50_ms)) for p in points], INK, 2, "solid", 1),
        Series("p95", [(at(p), seconds(p.p95_ms)) for p in points], INK, 1.5, (6, 3), 1),
    ]
    return lines(
        series,
        axes=(Axis(tr("requests"), low=0, whole=True), Axis("s", low=0, offset=60)),
        right=104,
    )


def _model_row(name: str, calls: Calls) -> dict[str, str]:
    return {
        "id": name,
        "model": name,
        "calls": count_text(calls.total),
        "good": rate_text(calls),
        "mean": duration_text(calls.mean_ms),
        "tokens": count_text(calls.tokens) if calls.reported else NOTHING,
        "told": f"{100 * calls.reported // calls.total}%" if calls.total else NOTHING,
    }
