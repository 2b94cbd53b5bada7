"""The Overview as a user meets it: answers, live changes, first steps, a supplier saved."""

import asyncio
from dataclasses import replace
from typing import Any

from nicegui import ElementFilter
from nicegui.testing import User

from components.dashboard.dots import HealthDots
from components.dashboard.running import RunningNow
from components.dashboard.supplier_form import SupplierForm
from components.dashboard.works import Works
from services.e2e.types import CellStatus
from services.mapping.types import Scope
from services.suppliers.types import ProbeResult, ProbeState
from services.wire.types import LOCAL_REFUSED
from tests.support import preview_data as data
from tests.support.builders import until
from tests.support.pages import a_mapped, operator


def the(user: User, kind: type[Any]) -> Any:
    with user:
        return next(iter(ElementFilter(kind=kind)), None)


async def test_it_answers_what_works_what_broke_and_what_changed():
    async with operator() as (user, _):
        await user.open("/")
        assert the(user, Works)._props["facts"]["figure"] == "29/38"
        await user.should_see("供应商 DeepSeek · 4 个模型 · HTTP 503", retries=20)
        await user.should_see("自上次查看：2 坏，1 恢复", retries=20)
        assert len(the(user, HealthDots)._props["models"]) == 20


async def test_a_run_that_goes_on_is_shown_with_progress_and_cancel():
    async with operator(running=True) as (user, _):
        await user.open("/")
        await user.should_see("14/40", retries=20)
        user.find("取消").click()
        await user.should_see("取消“端到端检测”？", retries=20)


async def test_dots_turn_when_health_changes():
    async with operator() as (user, console):
        await user.open("/")
        works = the(user, Works)
        dots = tuple(replace(dot, status=CellStatus.OK) for dot in console.e2e._health.dots)
        console.e2e._health = replace(
            console.e2e._health, dots=dots, judged=40, good=40, not_judged=0
        )
        console.e2e.health_changed.emit(console.e2e._health)
        await until(lambda: works._props["facts"]["figure"] == "40/40")
        tones = {d["tone"] for m in the(user, HealthDots)._props["models"] for d in m["dots"]}
        assert tones == {"ok"}
        await user.should_see("一切正常", retries=20)


async def test_seen_clears_the_changes():
    async with operator() as (user, console):
        await user.open("/")
        await user.should_see("自上次查看", retries=20)

        async def none_left() -> list[Any]:
            return []

        console.e2e.since_seen = none_left
        user.find("知道了").click()
        await user.should_not_see("自上次查看", retries=20)


async def test_an_empty_console_shows_the_first_steps():
    async with operator(bare=True) as (user, _):
        await user.open("/")
        await user.should_see("最初五分钟", retries=20)
        await user.should_see("粘贴并测试")
        await user.should_see("无可判定")
        assert the(user, Works)._props["facts"]["tone"] == "none"


async def test_a_supplier_is_tested_saved_and_mapped():
    async with operator(bare=True) as (user, console):
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "https://llm.example/v1"
        form.fields["api_key"].control.value = "sk-test-123"
        with user:
            await form._test()
        assert console.probed == [
            {
                "base_url": "https://llm.example/v1",
                "protocol": "openai",
                "api_key": "sk-test-123",
                "timeout_s": 10.0,
                "allows_local": False,
            }
        ]
        form.fields["model"].control.value = ["m-large"]
        user.find("保存并映射").click()
        await until(lambda: console.mapping.saved)
        (endpoint,) = console.models.saved
        assert endpoint.name == "llm.example"
        assert (endpoint.model, endpoint.model_list) == ("m-large", ("m-large", "m-small"))
        assert endpoint.api_key == "sk-test-123"
        assert "sk-test-123" not in repr(endpoint)
        (mapping,) = console.mapping.saved
        assert (mapping.scope_type, mapping.scope_key) == (Scope.MAPPING, "m-large")


async def test_a_local_address_is_asked_only_after_it_was_allowed():
    async with operator(bare=True) as (user, console):
        leaves: list[bool] = []

        async def probe(*, allows_local: bool, **_: Any) -> ProbeResult:
            leaves.append(allows_local)
            if allows_local:
                return ProbeResult(ProbeState.ONLINE, 3, ("m",))
            error = f"upstream_unreachable:{LOCAL_REFUSED}"
            return ProbeResult(ProbeState.OFFLINE, 0, error=error)

        console.suppliers.probe = probe
        await user.open("/")
        await user.should_not_see(marker="allow-local", retries=5)
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "http://127.0.0.1:9998"
        form.fields["api_key"].control.value = "local-model"
        with user:
            await form._test()
        await user.should_see(marker="allow-local", retries=20)
        user.find(marker="allow-local").click()
        with user:
            await form._test()
        assert leaves == [False, True]
        user.find("保存并映射").click()
        await until(lambda: console.models.saved)
        assert console.models.saved[0].allows_local is True


async def test_a_wrong_address_is_said_at_its_field_and_nothing_is_called():
    async with operator(bare=True) as (user, console):
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "llm.example"
        form.fields["api_key"].control.value = "k"
        with user:
            await form._test()
        assert console.probed == []
        await user.should_see("地址必须以 http:// 或 https:// 开头", retries=20)


async def test_a_refused_key_is_said_and_nothing_can_be_saved():
    async with operator(bare=True) as (user, console):

        async def refused(**_: Any) -> ProbeResult:
            return ProbeResult(ProbeState.SIGN_IN_FAILED, 20, error="HTTP 401")

        console.suppliers.probe = refused
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "https://llm.example"
        form.fields["api_key"].control.value = "bad"
        with user:
            await form._test()
        await user.should_not_see("保存并映射", retries=5)


async def test_choosing_no_model_is_refused_at_the_field():
    async with operator(bare=True) as (user, console):
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "https://llm.example"
        form.fields["api_key"].control.value = "k"
        with user:
            await form._test()
        user.find("保存并映射").click()
        await user.should_see("请至少选择一个模型", retries=20)
        assert console.models.saved == []


async def test_a_changed_key_is_not_saved_on_the_test_of_the_one_before():
    async with operator(bare=True) as (user, _):
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "https://llm.example"
        form.fields["api_key"].control.value = "k"
        with user:
            await form._test()
        await user.should_see("保存并映射", retries=20)
        form.fields["api_key"].control.value = "another"
        await user.should_not_see("保存并映射", retries=20)
        assert form._offered == ()


async def test_a_key_that_is_being_typed_survives_what_happens_meanwhile():
    async with operator(bare=True) as (user, console):
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["api_key"].control.value = "half-ty"
        console.schedules.changed.emit(console.schedules.view())
        console.e2e.health_changed.emit(console.e2e.health())
        await asyncio.sleep(0.3)
        assert the(user, SupplierForm) is form
        assert form.fields["api_key"].control.value == "half-ty"


def judged(console: Any) -> None:
    """Let the first E2E have ended well."""
    console.e2e._health = replace(console.e2e._health, judged_at=data.NOW)
    console.e2e.health_changed.emit(console.e2e._health)


async def test_the_way_to_add_a_key_stays_after_the_first_e2e_of_the_demo():
    async with operator(bare=True) as (user, console):
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["api_key"].control.value = "half-ty"
        judged(console)
        await user.should_see("已完成；结果见下方圆点", retries=20)
        await user.should_see("最初五分钟")
        assert the(user, SupplierForm) is form
        assert form.fields["api_key"].control.value == "half-ty"


async def test_the_first_steps_end_when_a_real_model_is_mapped_and_judged():
    async with operator(bare=True) as (user, console):
        judged(console)
        await user.open("/")
        await user.should_see("最初五分钟", retries=20)
        console.mapping.mapped = lambda **_: (a_mapped("m-large"),)
        console.mapping.changed.emit(None)
        await user.should_not_see("最初五分钟", retries=20)


async def test_a_half_typed_key_keeps_the_steps_though_a_model_was_mapped_elsewhere():
    async with operator(bare=True) as (user, console):
        judged(console)
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["api_key"].control.value = "half-ty"
        console.mapping.mapped = lambda **_: (a_mapped("m-large"),)
        console.mapping.changed.emit(None)
        await user.should_see("已映射 1 个模型", retries=20)
        assert the(user, SupplierForm) is form


async def test_dismissed_steps_stay_away_in_every_browser_until_the_guide_brings_them_back():
    async with operator(bare=True) as (user, console):
        await user.open("/")
        user.find("收起").click()
        await user.should_not_see("最初五分钟", retries=20)
        assert console.first_run.guide.state.is_away
        await user.open("/welcome")
        user.find("在总览中提醒我").click()
        await until(lambda: not console.first_run.guide.state.is_away)
        await user.open("/")
        await user.should_see("最初五分钟", retries=20)


async def test_the_only_model_of_a_supplier_is_chosen_already():
    async with operator(bare=True) as (user, console):

        async def one(**_: Any) -> ProbeResult:
            return ProbeResult(ProbeState.ONLINE, 20, ("only",))

        console.suppliers.probe = one
        await user.open("/")
        form = the(user, SupplierForm)
        form.fields["base_url"].control.value = "https://llm.example"
        form.fields["api_key"].control.value = "k"
        with user:
            await form._test()
        chosen = form.fields["model"].control
        assert chosen.value == ["only"]
        assert not chosen.props.get("placeholder")
        chosen.value = []
        assert chosen.props["placeholder"] == "选择要映射的模型"


async def test_a_run_whose_cells_are_not_planned_yet_starts():
    async with operator(running=True) as (user, console):
        console.e2e._health = replace(console.e2e._health, done=0, total=0)
        executions = console.executions
        present = tuple(replace(one, done=0, total=0) for one in executions.running())
        executions.running = lambda: present
        await user.open("/")
        await user.should_see("正在启动", retries=20)
        await user.should_not_see("0/0")
        assert [
            label.text for label in the(user, RunningNow).descendants() if "text" in dir(label)
        ].count("正在启动") == 1
