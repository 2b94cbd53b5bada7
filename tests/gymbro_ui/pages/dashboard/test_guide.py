"""The guide: steps that tick themselves, can be skipped, and lead to a verdict and a past to look at."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.dashboard.guide import GuideStep
from components.dashboard.supplier_form import SupplierForm
from components.primitives.status_dot import StatusDot
from components.rights import settle_rights
from services.accounts.types import UserType
from services.demo.types import DemoData
from services.e2e.types import Cause, CellStatus, Dot
from services.executions.types import Execution, ExecutionState, Trigger
from services.guide.types import GuideState, Step
from tests.support import preview_data as data
from tests.support.builders import until
from tests.support.pages import a_mapped, operator


def step(user: User, which: Step) -> GuideStep:
    with user:
        return next(one for one in ElementFilter(kind=GuideStep) if one.step is which)


def word_of(user: User, which: Step) -> str:
    return str(step(user, which)._state._props["word"])


def buttons(user: User, which: Step) -> dict[str, ui.button]:
    with user:
        found = ElementFilter(kind=ui.button).within(instance=step(user, which))
        return {one.text: one for one in found if one.visible}


def had(console: Any, *, anonymous: bool | None, ordinary: bool | None) -> None:
    """Let the console know how its last sign-ins ended."""
    body = {
        "anonymous_ok": anonymous,
        "ordinary_ok": ordinary,
        "checked_at": None if anonymous is None else data.NOW.isoformat(),
        "error": None if anonymous else "anonymous_auth_failed",
    }
    console.e2e.obtaining = SimpleNamespace(body=lambda: body, probe=lambda: probe(console))


def judged(console: Any) -> None:
    """Let the first E2E be over, one model judged."""
    dots = tuple(
        Dot("demo", kind, CellStatus.OK, Cause.NONE, data.NOW, "", 900, 200, 7, is_demo=True)
        for kind in UserType
    )
    console.e2e._health = replace(
        console.e2e._health, dots=dots, mapped=("demo",), judged=2, good=2, judged_at=data.NOW
    )
    console.e2e.health_changed.emit(console.e2e._health)


async def probe(console: Any) -> None:
    had(console, anonymous=True, ordinary=True)


async def test_an_empty_console_has_only_its_own_gateway_done():
    async with operator(bare=True) as (user, console):
        had(console, anonymous=None, ordinary=None)
        await user.open("/welcome")
        await user.should_see("已完成 1/5")
        assert word_of(user, Step.TARGET) == "已完成"
        for open_one in (Step.SIGN_IN, Step.SUPPLIER, Step.FIRST_E2E, Step.DEMO):
            assert word_of(user, open_one) == "待完成"


async def test_steps_tick_by_what_is_true_and_not_by_what_is_clicked():
    async with operator(bare=True) as (user, console):
        had(console, anonymous=None, ordinary=None)
        await user.open("/welcome")
        user.find("试登录一次").click()
        await until(lambda: word_of(user, Step.SIGN_IN) == "已完成")
        judged(console)
        await until(lambda: word_of(user, Step.FIRST_E2E) == "已完成")
        await user.should_see("可判 2，正常 2")
        console.mapping.mapped = lambda **_: (a_mapped("m-large"),)
        console.mapping.changed.emit(None)
        await until(lambda: word_of(user, Step.SUPPLIER) == "已完成")
        await user.should_see("已映射 1 个模型")
        await console.first_run.demo.fill()
        await user.should_see("已完成 5/5")


async def test_a_sign_in_that_fails_says_why_and_leaves_the_step_open():
    async with operator(bare=True) as (user, console):
        had(console, anonymous=False, ordinary=True)
        await user.open("/welcome")
        with user:
            said = [one._props["word"] for one in ElementFilter(kind=StatusDot)]
        assert any(str(text).startswith("未取得令牌：") for text in said)
        assert word_of(user, Step.SIGN_IN) == "待完成"
        assert "再试一次" in buttons(user, Step.SIGN_IN)


async def test_the_first_e2e_is_started_followed_and_judged_without_leaving_the_page():
    async with operator(bare=True) as (user, console):
        console.e2e._health = replace(console.e2e._health, mapped=("demo",))
        await user.open("/welcome")
        await user.should_see("运行首次 E2E · 2 次对话")
        launch = data.launches(1)[0]
        console.e2e._health = replace(console.e2e._health, running=launch, done=1, total=2)
        console.e2e.launched.emit(launch)
        await until(lambda: word_of(user, Step.FIRST_E2E) == "运行中")
        console.e2e._health = replace(console.e2e._health, running=None)
        judged(console)
        await until(lambda: word_of(user, Step.FIRST_E2E) == "已完成")


async def test_a_step_is_skipped_and_taken_up_again_and_the_whole_is_put_away():
    async with operator(bare=True) as (user, console):
        guide = console.first_run.guide
        await user.open("/welcome")
        user.find(marker="skip-supplier").click()
        await until(lambda: word_of(user, Step.SUPPLIER) == "已跳过")
        assert "跳过" not in buttons(user, Step.SUPPLIER)
        user.find(marker="take-up-supplier").click()
        await until(lambda: word_of(user, Step.SUPPLIER) == "待完成")
        user.find("全部跳过").click()
        await until(lambda: guide.state == GuideState(is_away=True))


async def test_a_step_that_is_true_is_done_though_it_was_skipped():
    async with operator(bare=True) as (user, console):
        await console.first_run.guide.skip(Step.FIRST_E2E)
        judged(console)
        await user.open("/welcome")
        assert word_of(user, Step.FIRST_E2E) == "已完成"


async def test_the_form_in_which_somebody_types_stays_while_other_things_change():
    async with operator(bare=True) as (user, console):
        await user.open("/welcome")
        with user:
            form = next(iter(ElementFilter(kind=SupplierForm)))
        form.fields["api_key"].control.value = "half-ty"
        judged(console)
        await until(lambda: word_of(user, Step.FIRST_E2E) == "已完成")
        with user:
            assert next(iter(ElementFilter(kind=SupplierForm))) is form
        assert form.fields["api_key"].control.value == "half-ty"


async def test_demo_data_is_filled_looked_at_and_removed_from_the_guide_and_the_bar():
    async with operator() as (user, console):
        demo = console.first_run.demo
        await user.open("/welcome")
        await user.should_not_see("控制台中有演示数据")
        user.find(marker="demo-fill").click()
        await until(lambda: demo.data is not None)
        await user.should_see("控制台中有演示数据")
        await user.should_see("30 天，共 435 行", retries=20)
        user.find(marker="demo-remove").click()
        await user.should_not_see("控制台中有演示数据")
        assert demo.data is None


async def test_progress_of_a_fill_is_shown_while_it_runs():
    async with operator(bare=True) as (user, console):
        run = Execution(
            id=9,
            execution_id="exe_9",
            execution_type="demo_data",
            label="Demo data",
            status=ExecutionState.RUNNING,
            trigger=Trigger.MANUAL,
            done=1200,
            total=13500,
        )
        console.executions.running = lambda: (run,)
        await user.open("/welcome")
        await user.should_see("1200/13500")
        assert word_of(user, Step.DEMO) == "运行中"


async def test_who_only_reads_sees_every_step_and_no_act_that_works():
    async with operator(bare=True) as (user, console):
        console.e2e._health = replace(console.e2e._health, mapped=("demo",))
        await user.open("/welcome")
        assert user.client is not None
        settle_rights(user.client, may_change=False)
        await console.first_run.guide.skip(Step.SIGN_IN)
        console.e2e.health_changed.emit(console.e2e._health)
        console.targets.changed.emit(None)
        assert isinstance(console.first_run.demo.data, DemoData | None)
        await until(lambda: word_of(user, Step.SIGN_IN) == "已跳过")
        await user.should_see("添加真实服务")


async def test_steps_that_were_skipped_remind_nobody():
    async with operator(bare=True) as (user, console):
        judged(console)
        await user.open("/")
        await user.should_see("最初五分钟", retries=20)
        await console.first_run.guide.skip(Step.SUPPLIER)
        await user.should_not_see("最初五分钟", retries=20)
