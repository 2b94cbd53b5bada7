"""Workflows as a user meets them: steps, editor, runs, live changes, empty state."""

from dataclasses import replace
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.agents.step_card import StepCard
from components.agents.stepper import Stepper
from components.primitives.data_table import DataTable
from components.primitives.field import Field
from services.executions.types import ExecutionState
from services.foundation.errors import ConflictError
from services.workflows.types import OnFailure
from tests.support.agent_pages import each, field, fire, page, table, toasts
from tests.support.builders import until

S = ExecutionState


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


async def test_every_kind_of_step_can_be_added_and_an_agent_must_be_chosen() -> None:
    async with page("/agents?tab=workflows") as (user, console):
        user.find(marker="edit").click()
        await until(lambda: len(each(user, StepCard)) == 3)
        for label in ("等待", "智能体测试", "供应商探测"):
            items = [one for one in each(user, ui.menu_item) if label in texts_in(one)]
            fire(items[-1], "click", {})
        assert kinds_of(user)[3:] == ["wait", "agent_test", "probe"]
        user.find(marker="save-workflow").click()
        await user.should_see("请选择智能体", retries=10)
        assert toasts(user) == []
        field(user, "智能体").control.set_value("2")
        inputs = [one for one in each(user, Field) if one.label == "输入"]
        inputs[-1].control.set_value("{{step2.output}}")
        user.find(marker="save-workflow").click()
        await until(lambda: len(console.workflows.all()[0].steps) == 6)
        added = console.workflows.all()[0].steps[4]
        assert added.params == {
            "agent_id": 2,
            "test_input": "{{step2.output}}",
            "user_type": "anonymous",
        }


def texts_in(element: Any) -> str:
    return " ".join(str(getattr(one, "text", "")) for one in element.descendants())


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
