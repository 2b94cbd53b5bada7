"""Frame: rail, top bar, status bar and palette around the pages, kept at the present state."""

from typing import TYPE_CHECKING

from nicegui import background_tasks, context, ui

from components.frame import memory
from components.frame.agent import Agent, LateBanner
from components.frame.connection import LIVE, ConnectionBadge
from components.frame.key_list import key_groups
from components.frame.notice_bar import NoticeBar
from components.frame.palette import Palette, PaletteCalls
from components.frame.rail import Place, Rail
from components.frame.status_bar import Pulse, StatusBar
from components.frame.top_bar import TopActs, TopBar
from components.live import on_batch
from components.primitives.formats import epoch_ms
from components.primitives.toast import Toasts
from components.status.looks import RED
from components.theme import apply as theme
from components.ways import note_way
from components.words import choose_language, sentence, tr
from gymbro_ui.actions import act, run_e2e
from gymbro_ui.command_line import VERSION
from gymbro_ui.shell.account import account_menu
from gymbro_ui.shell.corner import Corner
from gymbro_ui.shell.demo_bar import DemoBar
from gymbro_ui.shell.finder import Finder, key_pages, pages
from gymbro_ui.shell.pages import Pages
from gymbro_ui.site_map import PAGES, page_at
from services.accounts.types import UserType
from services.e2e.types import LaunchRequest

if TYPE_CHECKING:
    from services.console import Console

PRODUCT = "GymBro Console"
_PARTS = {"anonymous": (UserType.ANONYMOUS,), "permanent": (UserType.PERMANENT,)}


class Frame:
    """The frame of one client."""

    def __init__(self, console: "Console", look: str) -> None:
        """Keep what is drawn from."""
        self._console = console
        self._client = context.client
        self._look = look

    def draw(self) -> None:
        """Draw everything and follow every change."""
        path = self._client.sub_pages_router.current_path
        self._client.title = self._title(path)
        slot = self._client.content.parent_slot
        if slot is not None:  # Quasar's page is a second <main> around the frame: only ours is one
            slot.parent.props("role=presentation")
        theme.Shapes()
        self.agent = Agent(
            look=self._look, title=self._title(path), path=path, keys=memory.are_keys_on()
        )
        small = memory.is_rail_small()
        with ui.element("div").classes("gb-frame") as self._box:
            self._box.props["data-rail"] = "small" if small else "wide"
            with ui.element("a").classes("gb-skip").props('href="#page"'):
                ui.label(tr("Skip to the page"))
            self.rail = Rail(_places(), _plain(path), small=small, on_fold=self._fold)
            self.top = TopBar(self._acts(), self._look)
            self.agent.on_dress = self.top.show_look
            with self.top.connection:
                push = self._console.settings.preferences.push_enabled
                self.connection = ConnectionBadge(self._on_way, push=push)
            self._page_area()
            ui.element("div").classes("gb-dock").props("id=gb-dock")
            self.foot = StatusBar(*_database(self._console), VERSION)
            with self.foot.corner:
                self.corner = Corner(self._console)
        Toasts()
        self._draw_palette()
        self._follow()
        self._client.sub_pages_router.on_path_changed(self._moved)

    def _page_area(self) -> None:
        view = self._console.schedules.view()
        words = {
            "late": tr("Not checking since {time}"),
            "why": tr("The check that was due did not come. What you see may no longer be true."),
            "act": tr("Schedule"),
        }
        with ui.element("main").classes("gb-page").props("id=page tabindex=-1"):
            self.notices = NoticeBar(memory.put_away, memory.read_notices())
            self.late = LateBanner(epoch_ms(view.next_at), view.zone, words)
            DemoBar(self._console)
            Pages(self._console)

    # -- what changes

    def _follow(self) -> None:
        console = self._console
        on_batch(console.targets.changed, lambda _: self._draw_target())
        on_batch(console.mapping.changed, lambda _: self._draw_run())
        on_batch(console.e2e.health_changed, lambda _: self._draw_health())
        on_batch(console.e2e.cell_changed, lambda _: self._draw_run(), every_s=0.25)
        on_batch(console.e2e.launched, lambda _: self._draw_run())
        on_batch(console.e2e.finished, lambda _: self._draw_run())
        on_batch(console.schedules.changed, lambda _: self._draw_pulse())
        on_batch(console.settings.changed, lambda _: self._draw_settings())
        on_batch(console.cluster.changed, lambda _: self._draw_pulse())
        on_batch(console.journal.changed, lambda _: self._draw_pulse(), every_s=0.25)
        self._timer = ui.timer(self._pace_s(LIVE), self._draw_pulse, immediate=False)
        self._draw_target()
        self._draw_health()
        self._draw_pulse()
        background_tasks.create(self.corner.load(), name="monitor of a page")

    def _draw_target(self) -> None:
        self.top.show_target(self._console.targets.current, self._console.targets.all())
        self._draw_run()

    def _draw_health(self) -> None:
        dots = self._console.e2e.health().dots
        red = {dot.model_key for dot in dots if dot.status in RED}
        self.agent.count_red(len(red))
        self.rail.redden([page.path for page in PAGES if page.is_red] if red else [])
        self._draw_run()

    def _draw_run(self) -> None:
        health = self._console.e2e.health()
        running = (health.done, health.total) if health.running is not None else None
        forecast = self._console.e2e.forecast(LaunchRequest())
        self.top.show_run(forecast.conversations, running)

    def _draw_pulse(self) -> None:
        console = self._console
        view = console.schedules.view()
        self.foot.show(
            Pulse(
                is_enabled=view.is_enabled,
                next_at=view.next_at,
                last_tick_at=view.last_tick_at,
                zone=view.zone,
                waiting_writes=console.database.waiting_writes,
                waiting_pushes=console.cloud.outbox.view.count,
                waiting_results=console.journal.waiting,
                refusal=console.journal.view.reason,
                now=console.clock.now(),
                is_store_alive=console.database.is_writer_alive,
                role=str(console.cluster.view.role),
            )
        )
        self._draw_notices()
        deadline = epoch_ms(view.next_at) if view.is_enabled else None
        self.agent.expect(deadline)
        self.late.expect(deadline, view.zone)

    def _draw_notices(self) -> None:
        console = self._console
        texts = [sentence(notice) for notice in console.notices]
        self.notices.show(texts, lasting=console.is_read_only)

    def _draw_settings(self) -> None:
        self.connection.push(on=self._console.settings.preferences.push_enabled)
        self._draw_pulse()

    def _pace_s(self, way: str) -> float:
        preferences = self._console.settings.preferences
        if way == LIVE:
            return float(preferences.websocket_push_interval)
        return float(preferences.http_poll_interval)

    def _on_way(self, way: str) -> None:
        self._timer.interval = self._pace_s(way)
        note_way(self._client, way)

    # -- what an operator does

    def _acts(self) -> TopActs:
        return TopActs(
            select_target=self._select_target,
            search=self._open_palette,
            run=self._run,
            choose_language=self._choose_language,
            choose_look=self._choose_look,
            account=account_menu(self._console),
        )

    def _open_palette(self) -> None:
        self.palette.open()

    async def _select_target(self, target_id: int) -> None:
        if target_id != self._console.targets.current.id:
            await act(lambda: self._console.targets.select(target_id))

    async def _run(self, part: str) -> None:
        types = _PARTS.get(part, LaunchRequest().user_types)
        await run_e2e(self._console, LaunchRequest(user_types=types))

    def _choose_language(self, code: str) -> None:
        choose_language(code)
        ui.navigate.reload()

    def _choose_look(self, look: str) -> None:
        theme.choose_look(look)
        self.agent.dress(look)

    def _fold(self, small: bool) -> None:  # noqa: FBT001  # a widget's callback
        memory.fold_rail(small=small)
        self._box.props["data-rail"] = "small" if small else "wide"
        self._box.update()

    def _moved(self, path: str) -> None:
        self.rail.go(_plain(path))
        self.agent.go(path, self._title(path))

    def _title(self, path: str) -> str:
        page = page_at(path)
        return f"{tr(page.title)} · {PRODUCT}" if page is not None else PRODUCT

    # -- the palette

    def _draw_palette(self) -> None:
        finder = Finder(self._console, self._first_steps)
        calls = PaletteCalls(
            start=finder.start,
            find=finder.find,
            find_runs=finder.find_runs,
            choose=finder.choose,
            used=memory.note_used,
            closed=finder.close,
        )
        self.palette = Palette(pages(), key_groups(key_pages()), calls)

    def _first_steps(self) -> None:
        """Open the guide, whatever is done or was skipped."""
        ui.navigate.to("/welcome")


def _plain(path: str) -> str:
    page = page_at(path)
    return (page.parent or page.path) if page is not None else path


def _places() -> list[Place]:
    return [
        Place(p.path, tr(p.title), p.icon, tr(p.group) if p.group else "", p.key) for p in PAGES
    ]


def _database(console: "Console") -> tuple[str, str]:
    env = console.env
    place = str(env.database_path) if env.database_path else env.database_url.partition("://")[0]
    return place, env.database_source
