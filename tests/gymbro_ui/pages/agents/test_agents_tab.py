"""Agents as a user meets them: test, edit, copy, live changes, empty state."""

from dataclasses import replace

from components.agents.picker import Picker
from components.agents.test_panel import TestPanel
from services.accounts.types import UserType
from services.agents.types import AgentEdit
from services.executions.types import ExecutionState
from tests.support.agent_pages import each, field, fire, page, submit, table, toasts
from tests.support.builders import until

S = ExecutionState


async def test_an_agent_shows_what_it_is_and_its_past_tests() -> None:
    async with page("/agents") as (user, _):
        await user.should_see("训练教练")
        await user.should_see("当前启用的提示词")
        await until(lambda: len(table(user, "历次测试")) == 4)
        words = [row["verdict"]["word"] for row in table(user, "历次测试")]
        assert words == ["正常", "结构错误", "失败", "已取消"]
        (picker,) = each(user, Picker)
        assert [item["title"] for item in picker._props["items"]] == ["训练教练", "Short answers"]
        assert picker._props["items"][0]["look"]["word"] == "正常"


async def test_a_test_starts_at_once_says_so_and_streams_into_the_page() -> None:
    async with page("/agents") as (user, console):
        await until(lambda: each(user, TestPanel))
        (panel,) = each(user, TestPanel)
        panel.field.control.set_value("三天计划")
        fire(panel.identity, "choose", "permanent")
        with user:
            await panel._begin()
        assert console.agents.started == [(1, "三天计划", UserType.PERMANENT)]
        assert toasts(user) == ["测试已启动"]
        await until(lambda: table(user, "历次测试")[0]["verdict"]["word"] == "运行中")
        running = await console.agents.test(1, "again", UserType.ANONYMOUS)
        running = replace(running, execution_id="exe_2001", output="<thinking>half a rep")
        console.executions.changed.emit(running)
        await user.should_see("half a rep", retries=10)
        ended = replace(running, status=S.SUCCEEDED, meta={"verdict": "ok", "reason": "ok"})
        console.executions.changed.emit(ended)
        await until(lambda: "正常" in str(table(user, "历次测试")[1]["verdict"]))


async def test_a_too_long_input_is_refused_at_its_field() -> None:
    async with page("/agents") as (user, console):
        await until(lambda: each(user, TestPanel))
        (panel,) = each(user, TestPanel)
        panel.field.control.set_value("x" * 5_001)
        with user:
            await panel._begin()
        await user.should_see("5001")
        assert panel.field.control.props["aria-invalid"] == "true"
        assert console.agents.started == []
        assert toasts(user) == []


async def test_another_agent_is_shown_and_kept_in_the_address() -> None:
    async with page("/agents?id=2") as (user, _):
        (picker,) = each(user, Picker)
        assert picker._props["chosen"] == "2"
        await user.should_see("gymbro-system · v2")
        fire(picker, "choose", "1")
        await until(lambda: each(user, Picker)[0]._props["chosen"] == "1")
        fire(each(user, Picker)[0], "choose", "99")  # nothing a browser could not send
        assert each(user, Picker)[0]._props["chosen"] == "1"


async def test_a_new_agent_is_checked_at_its_fields_and_shown_once_stored() -> None:
    async with page("/agents") as (user, console):
        user.find(marker="new-agent").click()
        await user.should_see("已映射的键", retries=10)
        submit(user)
        await user.should_see("不能为空", retries=10)
        field(user, "名称").control.set_value("Coach 2")
        field(user, "模型键").control.set_value("gpt-4o")
        submit(user)
        await until(lambda: len(console.agents.all()) == 3)
        await until(lambda: each(user, Picker)[0]._props["chosen"] == "3")
        assert console.agents.get(3).prompt_id is None


async def test_an_agent_is_copied_and_deleted_after_a_question() -> None:
    async with page("/agents") as (user, console):
        user.find(marker="copy").click()
        await until(lambda: len(console.agents.all()) == 3)
        assert console.agents.get(3).name == "训练教练 (2)"
        await until(lambda: each(user, Picker)[0]._props["chosen"] == "3")
        user.find(marker="delete").click()
        await user.should_see("删除 训练教练 (2)？", retries=10)
        assert len(console.agents.all()) == 3


async def test_no_agent_says_what_to_do() -> None:
    async with page("/agents", bare=True) as (user, console):
        await user.should_see("还没有智能体")
        await console.agents.save(AgentEdit(None, "Fresh", "gpt-4o"))
        await user.should_see("Fresh", retries=10)
