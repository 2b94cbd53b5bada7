"""Looking at demo data: a view of one browser, said on every page, with real checks going on."""

from dataclasses import replace
from typing import Any

from nicegui import ElementFilter, app, ui
from nicegui.testing import User

from components.dashboard.figures import FigureStrip
from components.dashboard.works import Works
from gymbro_ui import demo_view
from services.e2e.types import CellStatus
from services.stats.types import Origin
from services.targets.types import DEMO_TARGET_ID
from tests.support.builders import until
from tests.support.pages import operator


def the(user: User, kind: type[Any]) -> Any:
    with user:
        return next(iter(ElementFilter(kind=kind)), None)


def made_up(console: Any) -> Any:
    """A health that is not the console's own: four models, three of them good."""
    health = console.e2e.health()
    dots = tuple(replace(dot, status=CellStatus.OK, is_demo=True) for dot in health.dots[:4])
    return replace(health, dots=dots, mapped=("demo-a", "demo-b"), judged=4, good=3)


async def looked_at(console: Any) -> None:
    """Fill the demo data and let its health be told from the real one."""
    found = made_up(console)

    async def health() -> Any:
        return found

    console.first_run.demo.health = health
    await console.first_run.demo.fill()


async def test_the_overview_shows_the_demo_health_and_only_demo_figures() -> None:
    async with operator() as (user, console):
        await looked_at(console)
        asked: list[Any] = []
        figures = console.stats.numbers.figures

        async def noted(window: str, origins: Any = ()) -> Any:
            asked.append(tuple(origins))
            return await figures(window, origins)

        console.stats.numbers.figures = noted
        await user.open("/")
        await user.should_see("相关行都标有“演示”", retries=20)
        assert the(user, Works)._props["facts"]["figure"] == "29/38"
        with user:
            demo_view.show(on=True)
        await user.open("/")
        await user.should_see("一个并不存在的服务", retries=20)
        await until(lambda: the(user, Works)._props["facts"]["figure"] == "3/4")
        await until(lambda: asked[-1] == (Origin.DEMO,))
        await user.should_not_see("全部流量")
        assert the(user, FigureStrip) is not None


async def test_a_real_verdict_does_not_change_what_the_demo_view_shows() -> None:
    async with operator() as (user, console):
        await looked_at(console)
        await user.open("/")
        with user:
            demo_view.show(on=True)
        await user.open("/")
        await until(lambda: the(user, Works)._props["facts"]["figure"] == "3/4")
        console.e2e.health_changed.emit(console.e2e.health())
        await user.should_see("一个并不存在的服务", retries=20)
        assert the(user, Works)._props["facts"]["figure"] == "3/4"


async def test_e2e_records_ask_for_the_service_that_never_was() -> None:
    async with operator() as (user, console):
        await looked_at(console)
        asked: list[int] = []
        matrix = console.e2e.matrix

        async def noted(**given: Any) -> Any:
            asked.append(given["target_id"])
            return await matrix(**given)

        console.e2e.matrix = noted
        await user.open("/e2e")
        await until(lambda: asked == [console.targets.current.id])
        with user:
            demo_view.show(on=True)
        await user.open("/e2e")
        await until(lambda: asked[-1] == DEMO_TARGET_ID)


async def test_nothing_is_shown_of_demo_data_that_is_gone() -> None:
    async with operator() as (user, console):
        await looked_at(console)
        await user.open("/")
        with user:
            demo_view.show(on=True)
            assert demo_view.is_shown(console)
        await console.first_run.demo.remove()
        with user:
            assert app.storage.user["demo_view"] is True
            assert not demo_view.is_shown(console)
        await user.open("/")
        await user.should_not_see("演示数据：")
        with user:
            assert not list(ElementFilter(kind=ui.button, marker="demo-turn"))
