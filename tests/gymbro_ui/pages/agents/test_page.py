"""Agents & workflows as a user meets them: test, edit, steps, live changes, empty states."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.agents.picker import Picker
from components.agents.step_card import StepCard
from components.agents.stepper import Stepper
from components.agents.test_panel import TestPanel
from components.primitives.data_table import DataTable
from components.primitives.field import Field
from components.primitives.toast import Toasts
from services.accounts.types import UserType
from services.agents.types import AgentEdit
from services.executions.types import ExecutionState
from services.foundation.errors import ConflictError
from services.workflows.types import OnFailure
from tests.support.builders import until
from tests.support.pages import operator

S = ExecutionState


def each(user: User, kind: type[Any]) -> list[Any]:
    with user:
        return list(ElementFilter(kind=kind))


def fire(element: Any, event: str, args: Any) -> None:
    """Let the element's listener run as if the browser had sent the event."""
    for listener in list(element._event_listeners.values()):
        if listener.type.partition(".")[0] == event:
            element._handle_event({"id": element.id, "listener_id": listener.id, "args": args})


def toasts(user: User) -> list[str]:
    return [item["text"] for stack in each(user, Toasts) for item in stack._items]


def table(user: User, name: str) -> list[dict[str, Any]]:
    found = next(one for one in each(user, DataTable) if one._props["name"] == name)
    return found._props["rows"]


def field(user: User, label: str) -> Field:
    return next(one for one in each(user, Field) if one.label == label)


def submit(user: User) -> None:
    """Send the form of the open dialog."""
    forms = [
        one for one in each(user, ui.element) if one.tag == "form" and "gb-form" in one.classes
    ]
    fire(forms[-1], "submit", {})


@asynccontextmanager
async def page(path: str, **state: bool) -> AsyncGenerator[tuple[User, Any]]:
    async with operator(**state) as (user, console):
        await user.open(path)
        yield user, console


# -- agents


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


# -- workflows


async def test_the_starter_shows_its_steps_and_how_they_ended() -> None:
    async with page("/agents?tab=workflows") as (user, _):
        await user.should_see("晨间检查")
        await user.should_see("供应商探测")
        await user.should_see("OpenAI: online, 231 ms", retries=10)
        await until(lambda: len(table(user, "历次运行")) == 2)
        assert [row["steps"] for row in table(user, "历次运行")] == ["3/3", "1/3"]
        runs = next(one for one in each(user, DataTable) if one._props["name"] == "历次运行")
        fire(runs, "open", "exe_0800")
        await user.should_see("HTTP 503", retries=10)


async def test_a_run_starts_is_followed_and_can_be_cancelled() -> None:
    async with page("/agents?tab=workflows") as (user, console):
        await until(lambda: len(table(user, "历次运行")) == 2)
        user.find(marker="run-workflow").click()
        await until(lambda: console.workflows.started == [1])
        assert toasts(user) == ["已启动 晨间检查"]
        await until(lambda: len(table(user, "历次运行")) == 3)
        going = console.workflows.a_run(S.RUNNING)
        console.workflows.stepped.emit(replace(going, execution_id="exe_3000"))
        (stepper,) = each(user, Stepper)
        await until(lambda: "running" in [row.props.get("data-tone") for row in steps_of(stepper)])
        with user:
            (cancel,) = ElementFilter(marker="cancel-workflow")
        assert cancel.visible
        cancelled: list[str] = []

        async def cancel_it(execution_id: str) -> None:
            cancelled.append(execution_id)

        console.executions.cancel = cancel_it
        user.find(marker="cancel-workflow").click()
        await until(lambda: cancelled == ["exe_3000"])


def steps_of(stepper: Stepper) -> list[Any]:
    return list(stepper.default_slot.children)


async def test_a_late_word_of_a_step_does_not_revive_a_run_that_ended() -> None:
    async with page("/agents?tab=workflows") as (user, console):
        await until(lambda: len(table(user, "历次运行")) == 2)
        console.workflows.stepped.emit(console.workflows.a_run(S.RUNNING))
        await until(lambda: True)
        assert table(user, "历次运行")[0]["state"]["word"] == "已完成"


async def test_steps_are_added_moved_and_removed_and_placeholders_follow() -> None:
    async with page("/agents?tab=workflows") as (user, console):
        user.find(marker="edit").click()
        await until(lambda: len(each(user, StepCard)) == 3)
        text = field(user, "文本").control
        text.set_value("{{step2.output}} {{steps}}")
        assert kinds_of(user) == ["probe", "e2e", "report"]
        press(card_at(user, 1), "up")
        assert kinds_of(user) == ["e2e", "probe", "report"]
        press(card_at(user, 0), "up")  # nowhere to go
        press(card_at(user, 2), "down")
        assert kinds_of(user) == ["e2e", "probe", "report"]
        user.find(marker="save-workflow").click()
        await until(lambda: console.workflows.all()[0].steps[0].kind == "e2e")
        moved = console.workflows.all()[0]
        assert [step.kind for step in moved.steps] == ["e2e", "probe", "report"]
        assert moved.steps[2].params["text"] == "{{step1.output}} {{steps}}"
        assert {step.on_failure for step in moved.steps} == {OnFailure.CONTINUE}


def card_at(user: User, at: int) -> StepCard:
    return next(card for card in each(user, StepCard) if card._at == at)


def kinds_of(user: User) -> list[str]:
    return [card_at(user, at)._draft.kind for at in range(len(each(user, StepCard)))]


def press(card: StepCard, arrow: str) -> None:
    """Alt and an arrow inside the card."""
    for listener in list(card._event_listeners.values()):
        if listener.type == f"keydown.alt.{arrow}.prevent":
            card._handle_event({"id": card.id, "listener_id": listener.id, "args": {}})


async def test_a_bad_step_is_refused_at_its_own_field() -> None:
    async with page("/agents?tab=workflows") as (user, console):
        user.find(marker="edit").click()
        await until(lambda: len(each(user, StepCard)) == 3)
        field(user, "文本").control.set_value("{{step9.output}}")
        user.find(marker="save-workflow").click()
        await user.should_see("只能引用之前的步骤", retries=10)
        assert console.workflows.all()[0].steps[2].params["text"] != "{{step9.output}}"


async def test_a_run_that_goes_on_already_is_said() -> None:
    async with page("/agents?tab=workflows") as (user, console):
        await until(lambda: len(table(user, "历次运行")) == 2)

        async def refuse(_: int) -> None:
            raise ConflictError("{label} is running already", existing_id="exe_1", label="W")

        console.workflows.run = refuse
        user.find(marker="run-workflow").click()
        await until(lambda: toasts(user))
        assert "W" in toasts(user)[0]


async def test_no_workflow_says_what_to_do() -> None:
    async with page("/agents?tab=workflows", bare=True) as (user, _):
        await user.should_see("还没有工作流")
        user.find("新建工作流").click()
        await user.should_see("请在下方添加第一个步骤", retries=10)
        user.find(marker="save-workflow").click()
        await user.should_see("不能为空", retries=10)


async def test_a_page_opened_late_shows_the_step_under_way() -> None:
    async with page("/agents?tab=workflows", running=True) as (user, _):
        await until(lambda: len(table(user, "历次运行")) == 3)
        (stepper,) = each(user, Stepper)
        assert "running" in [row.props.get("data-tone") for row in steps_of(stepper)]
