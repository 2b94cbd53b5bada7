"""The figures of the Overview as a user meets them: live at the interval of the settings, opened to their rows."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from nicegui import ElementFilter
from nicegui.elements.mixins.value_element import ValueElement
from nicegui.testing import User

from components.dashboard.dots import HealthDots
from components.dashboard.figures import FigureStrip
from components.primitives.toolbar import Segment
from components.ways import note_way
from services.e2e.types import CellStatus
from tests.support.builders import until
from tests.support.pages import operator


def strip_of(user: User) -> FigureStrip:
    with user:
        return next(iter(ElementFilter(kind=FigureStrip)))


def tiles(strip: FigureStrip) -> dict[str, dict[str, Any]]:
    return {tile["key"]: tile for tile in strip._props["tiles"]}


async def shown(user: User) -> FigureStrip:
    await user.open("/")
    strip = strip_of(user)
    await until(lambda: strip._props["tiles"])
    return strip


async def test_each_figure_says_its_value_its_change_and_up_to_when_it_is_true():
    async with operator() as (user, _):
        strip = await shown(user)
        found = tiles(strip)
        assert found["actives"]["value"] == "1,204"
        assert (found["requests"]["value"], found["requests"]["change"]) == ("18.2k", "+3%")
        assert "p95 6.80 s" in found["requests"]["note"]
        assert found["connectivity"]["value"].endswith("/9")
        assert found["e2e"]["tone"] == "failed"
        assert strip._props["facts"]["way"] == "push"
        assert "320" in strip._props["facts"]["left"]
        await until(lambda: tiles(strip)["jwt"]["pairs"][0]["word"] == "正常")


async def test_s3_10_s3_11_the_saved_intervals_drive_the_timer_and_are_told():
    async with operator() as (user, console):
        strip = await shown(user)
        assert strip._props["facts"]["pace_s"] == 10
        await console.settings.change({"websocket_push_interval": 1})
        await until(lambda: strip._props["facts"]["pace_s"] == 1)
        asked = console.stats.numbers.asked
        count = len(asked)
        await until(lambda: len(asked) >= count + 2, 6.0)  # by itself, each second
        await console.settings.change({"http_poll_interval": 45})
        note_way(strip.client, "polling")
        await until(lambda: strip._props["facts"]["pace_s"] == 45)
        assert strip._props["facts"]["way"] == "poll"


async def test_s0_9_a_verdict_changes_the_tile_without_a_reload():
    async with operator() as (user, console):
        strip = await shown(user)
        dots = tuple(replace(dot, status=CellStatus.OK) for dot in console.e2e._health.dots)
        console.e2e._health = replace(
            console.e2e._health, dots=dots, judged=40, good=40, not_judged=0
        )
        console.e2e.health_changed.emit(console.e2e._health)
        await until(lambda: tiles(strip)["e2e"]["value"] == "100%")
        assert tiles(strip)["e2e"]["tone"] == "ok"


async def test_another_window_and_everybodys_traffic_are_asked_for():
    async with operator() as (user, console):
        strip = await shown(user)
        with user:
            window = next(e for e in ElementFilter(kind=Segment) if e._props["name"] == "时段")
        window._chosen(SimpleNamespace(args="30d"))
        await until(lambda: console.stats.numbers.asked[-1] == "30d")
        await until(lambda: tiles(strip)["actives"]["name"] == "活跃用户")


async def test_a_figure_opens_the_rows_it_was_counted_from_page_by_page():
    async with operator() as (user, _):
        strip = await shown(user)
        await strip._opened(SimpleNamespace(args="actives"))  # pyright: ignore[reportArgumentType]
        await user.should_see("已显示 50 / 1,204", retries=20)
        user.find("更早").click()
        await user.should_see("已显示 100 / 1,204", retries=20)


async def test_without_any_traffic_nothing_is_green_and_nothing_is_made_up():
    async with operator(bare=True) as (user, _):
        strip = await shown(user)
        found = tiles(strip)
        assert (found["actives"]["value"], found["requests"]["value"]) == ("0", "0")
        assert found["e2e"]["tone"] == "none"
        assert found["requests"]["change"] == ""


async def test_s0_25_the_health_card_has_no_filter_control():
    async with operator() as (user, _):
        await user.open("/")
        with user:
            card = next(e for e in ElementFilter() if e._props.get("aria-label") == "健康")
        inside = list(card.descendants())
        assert any(isinstance(e, HealthDots) for e in inside)
        assert not any(isinstance(e, Segment | ValueElement) for e in inside)
