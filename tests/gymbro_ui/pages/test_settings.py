"""Settings page: what it shows, saves, refuses, takes back, and never sends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.frame import memory
from components.primitives.status_dot import StatusDot
from components.primitives.toast import Toasts
from components.settings.schedule_form import ScheduleForm
from components.settings.schedule_values import read_time, zone_names
from gymbro_ui.shell import shell
from gymbro_ui.target_dialog import edit_target
from services.chat.types import ModelList
from services.identities.types import SignIn, Token
from services.settings.types import Preferences
from tests.support.builders import until
from tests.support.preview import build


@asynccontextmanager
async def settings_page() -> AsyncGenerator[tuple[User, Any]]:
    console = build()
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        yield user, console


def _toasts(user: User) -> list[str]:
    return [
        item["text"]
        for element in user.find(kind=Toasts).elements
        for item in element.props["items"]
    ]


def _dots(user: User) -> list[str]:
    with user:
        return [str(dot.props["word"]) for dot in ElementFilter(kind=StatusDot)]


def _form(user: User) -> ScheduleForm:
    (form,) = user.find(kind=ScheduleForm).elements
    return form


async def test_keys_are_masked_and_do_not_reach_the_browser() -> None:
    async with settings_page() as (user, console):
        await user.should_see("eyJh••••••••ture")
        page = await user.http_client.get("/settings")
        for target in console.targets.all():
            for key in (target.anon_key, target.service_key, console.accounts.service_key):
                assert not key or key not in page.text


async def test_paths_are_absolute_and_say_what_chose_them() -> None:
    async with settings_page() as (user, console):
        await user.should_see(str(console.env.database_path))
        await user.should_see("来源：--data-dir")
        assert console.env.database_path.is_absolute()


async def test_a_target_can_be_selected_and_the_choice_taken_back() -> None:
    async with settings_page() as (user, console):
        user.find(marker="select-2").click()
        await _until(lambda: console.targets.current.id == 2)
        assert console.targets.current.id == 2
        assert _toasts(user) == ["当前被测服务：生产"]
        await _undo(user)
        assert console.targets.current.id == 1


async def test_a_changed_setting_elsewhere_does_not_overwrite_what_is_typed() -> None:
    async with settings_page() as (user, console):
        form = _form(user)
        with user:
            form._fields["e2e_prompt_text"].control.value = "ping"
        await console.settings.change({"e2e_model_timeout_s": 60, "e2e_prompt_text": "other"})
        await user.should_see("1 处更改未保存", retries=10)
        await _until(lambda: form._values()["e2e_model_timeout_s"] == 60)
        assert form._values()["e2e_prompt_text"] == "ping"


async def test_only_what_was_changed_is_saved() -> None:
    async with settings_page() as (user, console):
        form = _form(user)
        with user:
            form._fields["e2e_slow_total_ms"].control.value = 20_000.0
            form._kind.choose("daily")
            form._touch()
            assert form._patch() == {"e2e_interval_hours": None, "e2e_slow_total_ms": 20_000}
            await form._save()
        assert console.settings.preferences.e2e_interval_hours is None
        assert console.settings.preferences.e2e_daily_time == "05:00"
        await _until(lambda: form._patch() == {})
        assert _toasts(user) == ["已保存"]


async def test_an_emptied_number_is_refused_at_its_field() -> None:
    async with settings_page() as (user, console):
        form = _form(user)
        with user:
            form._fields["e2e_model_timeout_s"].control.value = None
            await form._save()
        await user.should_see("应为 10 到 600 的整数")
        assert console.settings.preferences.e2e_model_timeout_s == 120
        assert _toasts(user) == []


async def test_no_user_type_is_refused_in_words() -> None:
    async with settings_page() as (user, console):
        form = _form(user)
        with user:
            for box in form._types.values():
                box.value = False
            await form._save()
        await user.should_see("请选择匿名、注册或两者")
        assert console.settings.preferences.e2e_user_types == ("anonymous", "permanent")


async def test_switched_off_says_that_nothing_starts() -> None:
    async with settings_page() as (user, console):
        form = _form(user)
        with user:
            form._switch.value = False
        await user.should_see("不会自动检测")
        with user:
            await form._save()
        assert console.settings.preferences.e2e_enabled is False
        await user.should_see("定时已关闭")


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            await asyncio.sleep(0.01)  # and what follows from it
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


async def _undo(user: User) -> None:
    (stack,) = user.find(kind=Toasts).elements
    with stack:
        for act in list(stack._actions.values()):
            await act()


def test_times_of_day_are_read_strictly() -> None:
    assert read_time("05:00") is not None
    for wrong in ("5:00", "24:00", "05:60", "05:00:00", "", None, "ab:cd"):
        assert read_time(wrong) is None


def test_zones_are_the_ones_people_live_in() -> None:
    zones = zone_names()
    assert zones[0] == "UTC"
    assert {"Asia/Shanghai", "Europe/Berlin", "America/New_York"} <= set(zones)
    assert not any(zone.startswith(("posix/", "Etc/")) for zone in zones)
    assert Preferences().e2e_timezone in zones


async def test_the_dialog_of_a_service_tests_its_connection_before_it_is_saved() -> None:
    async with settings_page() as (user, console):
        asked: list[str] = []

        async def sign_in(target: Any, user_type: Any, **_: Any) -> SignIn:
            asked.append(f"{user_type} {target.api_base}")
            return SignIn(user_type, "native", Token("t", "r", 0, "u", is_anonymous=True))

        async def release(*_: Any) -> None:
            asked.append("released")

        async def list_models(*_: Any) -> ModelList:
            return ModelList(("a", "b", "c"), status=200)

        console.identities = SimpleNamespace(sign_in=sign_in, release=release)
        console.chat = SimpleNamespace(list_models=list_models)
        console.targets.drafted = lambda edit: console.targets.get(edit.id)
        with user:
            edit_target(console, console.targets.get(2))
        await user.should_see("匿名登录一次", retries=20)
        user.find("测试连接").click()
        await until(lambda: "登录正常，API 可用：3 个模型。" in _dots(user))
        assert asked == ["anonymous https://api.gymbro.example/api/v1", "released"]


async def test_the_question_before_a_second_run_can_be_switched_back_on() -> None:
    async with settings_page() as (user, _):
        with user:
            switch = next(iter(ElementFilter(kind=ui.switch, marker="ask-before-again")))
            assert switch.value is True
            memory.ask_before_again(on=False)
        await user.open("/settings")
        with user:
            switch = next(iter(ElementFilter(kind=ui.switch, marker="ask-before-again")))
            assert switch.value is False
            switch.value = True
            assert memory.asks_before_again()
