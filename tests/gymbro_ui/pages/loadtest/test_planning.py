"""The form of a load test: one press starts the first, errors stand at their fields, a forecast beside."""

import asyncio
from dataclasses import replace

import pytest
from nicegui import ui

from components.executions.facts import Facts
from components.loadtest import limits, metrics, verdict
from db.engine import Database
from services.foundation.messages import Message
from services.loadtest import reading, thresholds
from services.loadtest.types import LoadRun, RunState
from services.settings.types import Env
from services.targets.types import TargetEdit
from tests.support.builders import until
from tests.support.load_pages import (
    buttons,
    choose,
    error_of,
    field,
    load_operator,
    press,
    put,
)
from tests.support.load_runs import a_run

PATH = "/simulator/load"


async def started(console: object) -> LoadRun:
    async def newest() -> list[LoadRun]:
        return (await console.loadtest.runs(limit=1, offset=0))[1]  # pyright: ignore[reportAttributeAccessIssue]

    for _ in range(200):
        if found := await newest():
            return found[0]
        await asyncio.sleep(0.05)
    raise AssertionError("no run was started")


async def test_the_first_load_test_is_one_press_and_leads_to_its_page(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, upstream):
        await user.open(PATH)
        await user.should_see("开始 · 20 次对话", retries=40)
        await user.should_see("同时只运行一次压测")
        await user.should_see("登录的用户")
        press(user, "开始 · 20")
        run = await started(console)
        assert (run.plan.users, run.plan.requests, run.plan.cap) == (10, 20, 200)
        await desk.executions.wait(run.run_id)
        await user.should_see("全部限制都守住了", retries=60)
        assert len(upstream.named("post")) == 20


async def test_what_is_wrong_stands_at_its_field_while_one_types_and_nothing_starts(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, *_):
        await user.open(PATH)
        await user.should_see("开始 · 20 次对话", retries=40)
        put(user, "用户", 5000)
        put(user, "消息", "")
        put(user, "调用总数", 0)
        await until(lambda: "1 到 1000" in error_of(user, "用户"))
        assert "1 到 1000000" in error_of(user, "调用总数")
        assert error_of(user, "爬升") == ""
        (start,) = buttons(user, "开始")
        assert not start.enabled
        await user.should_see("请先改正标出的字段")
        put(user, "用户", 7)
        put(user, "调用总数", 30)
        await user.should_see("开始 · 30 次对话", retries=40)
        assert error_of(user, "用户") == ""
        assert start.enabled


async def test_the_forecast_follows_the_fields(database: Database, env: Env) -> None:
    async with load_operator(database, env) as (user, *_):
        await user.open(PATH)
        await user.should_see("开始 · 20 次对话", retries=40)
        choose(user, "负载模型", "open")
        put(user, "每秒到达数", 4)
        choose(user, "结束条件", "seconds")
        put(user, "发起调用的时长", 50)
        await user.should_see("开始 · 200 次对话", retries=40)
        assert field(user, "进行中与等待中的上限").visible


async def test_a_production_target_wants_its_name_typed_before_anything_is_sent(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, upstream):
        target = console.targets.current
        edit = TargetEdit(target.id, "prod", target.api_base, target.auth_url, is_production=True)
        await console.targets.save(edit)
        await user.open(PATH)
        await user.should_see("prod 是生产环境", retries=40)
        await user.should_see("请输入它的名称以继续")
        label = "prod 已标记为生产环境。请输入它的名称以继续"
        press(user, "开始 · 20")
        await until(lambda: bool(error_of(user, label)))
        assert not upstream.named("signup")
        put(user, label, "prod")
        press(user, "开始 · 20")
        run = await started(console)
        ended = await desk.executions.wait(run.run_id)
        assert str(ended.status) == "succeeded"


async def test_stages_and_thresholds_of_the_form_reach_the_plan(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, _upstream):
        await user.open(PATH)
        await user.should_see("开始 · 20 次对话", retries=40)
        choose(user, "测试类型", "stages")
        stages = field(user, "阶段：每个阶段结束时均匀到达该级别").control
        with user:
            stages.rows[0].update(seconds=1, users=2)
            stages.rows[1].update(seconds=1, users=4)
            field(user, "阈值：整次运行必须守住的条件").control._add()
        press(user, "开始")
        run = await started(console)
        await desk.executions.wait(run.run_id)
        assert [(one.seconds, one.users) for one in run.plan.stages] == [(1, 2), (1, 4)]
        assert run.plan.users == 4
        assert [(one.metric, one.limit) for one in run.plan.thresholds] == [("error_share", 0.05)]


async def test_run_again_begins_the_form_with_the_plan_of_that_run(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, _console, desk, _upstream):
        _, run = await desk.load(users=3, requests=6, message="once more", stop_errors=2)
        await user.open(f"{PATH}?from={run.run_id}")
        await user.should_see("开始 · 6 次对话", retries=40)
        assert field(user, "用户").control.value == 3
        assert field(user, "消息").control.value == "once more"
        assert field(user, "失败达到这么多次就停止").control.value == 2


async def test_the_safe_number_is_searched_on_a_page_of_its_own(
    database: Database, env: Env
) -> None:
    async with load_operator(database, env) as (user, console, desk, _upstream):
        await user.open(PATH)
        await user.should_see("开始 · 20 次对话", retries=40)
        choose(user, "测试类型", "safe")
        await user.should_see("逐级加压直到超出限制")
        put(user, "最大用户数", 2)
        put(user, "每一步时长", 1)
        await user.should_see("仅指最大的一步", retries=40)
        press(user, "找出安全并发数")
        await until(lambda: bool(console.executions.running()))
        (search,) = [o for o in console.executions.running() if o.execution_type == "load_finder"]
        await user.should_see("安全用户数", retries=40)
        await asyncio.wait_for(desk.executions.wait(search.execution_id), 40)
        await user.should_see("≥ 2", retries=40)
        finding = await console.loadtest.finder.finding(search.execution_id)
        await user.open(f"{PATH}/{finding.steps[0].run_id}")
        await user.should_see("全部限制都守住了", retries=40)
        await until(
            lambda: any(
                fact["href"] == f"{PATH}/{search.execution_id}"
                for facts in user.find(kind=Facts).elements
                for fact in facts.props["facts"]
            )
        )  # a step leads to its search
        assert {step.users for step in finding.steps} >= {1, 2}


async def test_what_runs_is_told_over_the_form(database: Database, env: Env) -> None:
    async with load_operator(database, env) as (user, console, desk, _upstream):
        begun = await desk.begin(users=2, seconds=20)
        await user.open(PATH)
        await user.should_see("正在运行一次压测", retries=40)
        assert any(link.props.get("href", "").endswith(begun.execution_id)
                   for link in user.find(kind=ui.link).elements)  # fmt: skip
        await console.executions.cancel(begun.execution_id)
        await desk.executions.wait(begun.execution_id)
        await user.should_not_see("正在运行一次压测", retries=40)


def test_the_form_offers_the_ranges_of_the_engine() -> None:
    highs = {name: spec.high for name, spec in limits.NUMBERS.items()}
    assert highs["users"] == highs["cap"] == highs["sign_ins"] == reading.USERS_MAX
    assert highs["requests"] == highs["stop_errors"] == reading.REQUESTS_MAX
    assert highs["seconds"] == highs["ramp_s"] == reading.SECONDS_MAX
    assert highs["rate"] == reading.RATE_MAX
    assert (limits.MESSAGE, limits.MESSAGE_MOST) == (reading.MESSAGE, reading.MESSAGE_MAX)
    assert set(metrics.METRIC_SPECS) == set(thresholds.METRICS)
    leasts = {name for name, one in thresholds.METRICS.items() if one.is_least}
    assert {name for name, spec in metrics.METRIC_SPECS.items() if spec.is_least} == leasts
    assert verdict.LAG_SOUND_MS == thresholds.LAG_SOUND_MS


@pytest.mark.parametrize(("name", "spec"), list(limits.NUMBERS.items()))
def test_each_end_of_a_range_is_taken_and_what_is_beyond_refused(
    name: str, spec: limits.NumberSpec
) -> None:
    plan = {"users": 1, name: spec.high * spec.scale}
    assert getattr(reading.read_plan(plan, 200), name) == spec.high * spec.scale
    with pytest.raises(Exception, match="Must be"):
        reading.read_plan({"users": 1, name: (spec.high + 1) * spec.scale}, 200)


def test_every_state_has_a_sentence() -> None:
    for state in RunState:
        for run in (a_run(1, state=state), replace(a_run(1), state=state, summary=None)):
            tone, text = verdict.verdict(run, Message("why"))
            assert tone
            assert text
