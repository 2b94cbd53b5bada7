"""The list and a run's page as a user meets them, without a browser: reading, patches, refusals, leaks."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from components.executions.list import RunList
from components.frame.monitor import Monitor
from components.primitives.toast import Toasts
from services.executions.types import Execution, ExecutionState, Trigger
from services.foundation.errors import ConflictError, StoreError
from tests.support.builders import until
from tests.support.pages import operator


def the(user: User, kind: type[Any]) -> Any:
    with user:
        return next(iter(ElementFilter(kind=kind)), None)


def shown(user: User) -> list[dict[str, Any]]:
    return json.loads(the(user, RunList)._props["page"]["rows"])


async def test_the_newest_page_is_shown_newest_first_and_of_all_kinds() -> None:
    async with operator() as (user, _):
        await user.open("/executions")
        await until(lambda: the(user, RunList)._props["page"] is not None)
        numbers = [row["id"] for row in shown(user)]
        assert numbers == sorted(numbers, reverse=True)
        assert {"e2e", "probe", "workflow"} <= {row["icon"] and _kind(row) for row in shown(user)}


def _kind(row: dict[str, Any]) -> str:
    return {"science": "e2e", "network_check": "probe", "account_tree": "workflow"}.get(
        row["icon"], "other"
    )


async def test_the_overviews_history_mixes_kinds_newest_first() -> None:
    """S2.5, S2.7."""
    async with operator(running=True) as (user, _):
        await user.open("/")
        await until(lambda: the(user, RunList) and the(user, RunList)._props["page"] is not None)
        rows = shown(user)
        assert len({row["kind"] for row in rows}) > 1
        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
        assert rows[0]["state"] == "running"


async def test_an_address_filters_the_list() -> None:
    async with operator() as (user, _):
        await user.open("/executions?status=failed&kind=probe")
        await until(lambda: the(user, RunList)._props["page"] is not None)
        assert {row["state"] for row in shown(user)} == {"failed"}
        assert the(user, RunList)._props["page"]["filtered"]


async def test_a_list_that_cannot_be_read_says_why_and_can_be_tried_again() -> None:
    async with operator() as (user, console):
        read = console.executions.page

        async def refuse(*_: Any, **__: Any) -> Any:
            raise StoreError("The disk is full")

        console.executions.page = refuse
        await user.open("/executions")
        await user.should_see("列表读取失败", retries=20)
        console.executions.page = read
        user.find("重试").click()
        await until(lambda: the(user, RunList)._props["page"] is not None)


@pytest.mark.parametrize(
    "key", ["exe_404", "404", "-1", "0", "exe_'; DROP TABLE executions", "exe_"]
)
async def test_an_unknown_run_is_told_kindly(key: str) -> None:
    async with operator() as (user, _):
        await user.open(f"/executions/{key}")
        await user.should_see("没有这个执行", retries=20)
        await user.should_not_see("Traceback")


async def test_a_run_is_found_by_its_number_too() -> None:
    async with operator(running=True) as (user, _):
        await user.open("/executions/101")
        await user.should_see("HTTP 503", retries=20)
        await user.should_see("时间线")


async def test_cancel_asks_first_and_a_refusal_is_told() -> None:
    async with operator(running=True) as (user, console):
        await user.open("/executions/102")

        async def refuse(keys: list[str]) -> Any:
            raise ConflictError("The console is stopping")

        console.executions.cancel_many = refuse
        user.find("取消").click()
        await user.should_see("取消“端到端检测”？", retries=20)
        user.find("取消运行").click()
        await until(lambda: the(user, Toasts)._props["items"])
        (told,) = the(user, Toasts)._props["items"]
        assert (told["text"], told["tone"]) == ("控制台正在停止", "failed")


async def test_running_again_names_the_conversations_it_makes() -> None:
    async with operator() as (user, _):
        await user.open("/executions/100")
        await user.should_see("重新运行", retries=20)
        user.find("重新运行").click()
        await user.should_see("次对话", retries=20)


async def test_what_failed_stays_in_the_corner_until_it_is_opened() -> None:
    async with operator(running=True) as (user, console):
        console.executions._all = console.executions._all[:2]
        await user.open("/settings")
        monitor = the(user, Monitor)
        await until(lambda: monitor._props["failed"] == 1)
        with user:
            ui.navigate.to("/executions/exe_101")
        await until(lambda: the(user, Monitor)._props["failed"] == 0)
        await user.open("/settings")
        await asyncio.sleep(0.1)
        assert the(user, Monitor)._props["failed"] == 0


async def test_a_part_that_failed_is_not_counted_apart() -> None:
    async with operator() as (user, console):
        console.executions._all = []
        await user.open("/settings")
        part = Execution(
            9, "exe_9", "probe", "Probe", ExecutionState.FAILED, Trigger.MANUAL, parent_id=3
        )
        console.executions.changed.emit(part)
        console.executions.changed.emit(replace(part, id=10, execution_id="exe_10", parent_id=None))
        await until(lambda: the(user, Monitor)._props["failed"] == 1)


async def test_two_hundred_visits_leave_nothing_behind() -> None:
    async with operator(running=True) as (user, console):
        await user.open("/settings")
        executions = console.executions
        signals = (executions.changed, executions.noted, executions.output)
        await asyncio.sleep(0.05)
        client = user.client
        assert client is not None
        before = [signal.subscriber_count for signal in signals]
        elements, handlers = len(client.elements), len(client.connect_handlers)
        for _ in range(66):
            for path in ("/executions", "/executions/102", "/settings"):
                with user:
                    ui.navigate.to(path)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert [signal.subscriber_count for signal in signals] == before
        assert len(client.connect_handlers) == handlers
        assert len(client.elements) == elements


async def test_the_whole_output_is_offered_as_a_file_once_there_is_some() -> None:
    async with operator() as (user, console):
        said = replace(console.executions._all[0], output_size=70_000)
        console.executions._all[0] = said
        for one, is_offered in ((said, True), (console.executions._all[1], False)):
            await user.open(f"/executions/{one.execution_id}")
            await user.should_see("时间线", retries=20)
            with user:
                (button,) = (
                    found for found in ElementFilter(kind=ui.button) if "download" in found._props
                )
            assert button._props["href"] == f"/executions/{one.execution_id}/output.txt"
            assert button.visible is is_offered


async def test_a_run_leads_back_to_the_view_of_the_list_it_was_opened_from() -> None:
    async with operator() as (user, _):
        await user.open("/executions?status=failed")
        await until(lambda: the(user, RunList)._props["page"] is not None)
        with user:
            ui.navigate.to("/executions/exe_98")
        await user.should_see("时间线", retries=20)
        with user:
            links = [one._props["href"] for one in ElementFilter(kind=ui.link)]
        assert "/executions?status=failed" in links
