"""The sync page, the log and the Supabase settings: simulated users over preview data."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction
from nicegui.testing.user_simulation import user_simulation

from components.primitives.big_table import BigTable
from components.primitives.toolbar import Segment
from components.settings.supabase_form import SupabaseForm
from gymbro_ui.shell import shell
from services.executions.types import Execution, ExecutionState, Trigger
from services.outbox.types import OutboxState
from services.sync.types import Choice
from tests.support.builders import until
from tests.support.preview import build
from tests.support.preview_cloud import ITEMS


@asynccontextmanager
async def page(path: str, **state: bool) -> AsyncGenerator[tuple[User, Any]]:
    console = build(**state)
    started: list[tuple[str, Any]] = []

    async def start(name: str, params: Any, **_: Any) -> Execution:
        started.append((name, params))
        return Execution(9, "exe_9", name, "Sync", ExecutionState.RUNNING, Trigger.MANUAL)

    console.executions.start = start
    console.started = started
    async with user_simulation(partial(shell, console)) as user:
        await user.open(path)
        yield user, console


def rows(user: User) -> list[dict[str, Any]]:
    with user:
        (table,) = user.find(kind=BigTable).elements
        return json.loads(str(table.props["packed"]))


def fire(user: User, event: str, value: Any) -> None:
    """What the browser's table says."""
    (table,) = user.find(kind=BigTable).elements
    for listener in table._event_listeners.values():
        if listener.type == event:
            with user:
                table._handle_event({"listener_id": listener.id, "args": value})


def press(user: User, text: str, look: str = "gb-btn-primary") -> None:
    """Click the one button of exactly that text and look."""
    found = [b for b in user.find(kind=ui.button).elements if b.text == text and look in b.classes]
    assert len(found) == 1, [b.text for b in user.find(kind=ui.button).elements]
    UserInteraction(user, set(found), None).click()


async def compared(user: User) -> None:
    user.find("查看差异").click()
    await user.should_see("应用 3 项", retries=30)


async def test_without_a_project_the_page_says_what_to_do() -> None:
    async with page("/sync", bare=True) as (user, _):
        await user.should_see("还没有设置 Supabase 项目")
        await user.should_see("去设置")


async def test_nothing_is_compared_before_it_is_asked_for() -> None:
    async with page("/sync") as (user, _):
        await user.should_see("还没有比较过")
        await user.should_see("https://abcd.supabase.co")
        await user.should_see("1 项冲突 · 1 项被拒绝")


async def test_differences_stand_worst_first_and_nothing_dangerous_is_chosen() -> None:
    async with page("/sync") as (user, _):
        await compared(user)
        found = rows(user)
        assert [row["name"] for row in found[:3]] == ["both", "gone", "mapping:old"]
        chosen = {row["name"]: row["choice"]["word"] for row in found}
        assert chosen["both"] == chosen["gone"] == chosen["mapping:old"] == "保持不变"
        assert chosen["new there"] == "添加到本地"
        assert chosen["new here"] == "添加到 Supabase"
        gone = next(row for row in found if row["name"] == "gone")
        assert [chip[0] for chip in gone["breaks"]] == ["mapping:gpt", "mapping:claude"]
        assert next(r for r in found if r["name"] == "<b>bad</b>")["fields"] == "model 为空"


async def test_a_side_of_a_conflict_is_chosen_in_the_drawer_and_carried_out() -> None:
    async with page("/sync") as (user, console):
        await compared(user)
        fire(user, "open", ITEMS[0].id)
        await user.should_see("acme (app)")
        (choice,) = [s for s in user.find(kind=Segment).elements if s.props["name"] == "处理方式"]
        labels = [one["label"] for one in choice.props["choices"]]
        assert labels == ["保持不变", "保留本地的", "采用 Supabase 的"]
        fire(user, "pick", [ITEMS[0].id])
        press(user, "采用 Supabase 的", "gb-btn-default")
        await user.should_see("应用 4 项", retries=20)
        user.find("应用 4 项").click()
        await user.should_see("确认执行？", retries=20)
        press(user, "应用")
        await until(lambda: bool(console.started))
        assert console.started == [("sync", {"plan": "plan_1"})]
        assert console.cloud.sync.chosen[ITEMS[0].id] is Choice.PULL


async def test_deletions_and_broken_mappings_are_named_before_anything_happens() -> None:
    async with page("/sync") as (user, console):
        await compared(user)
        fire(user, "pick", [ITEMS[1].id])
        press(user, "采用 Supabase 的", "gb-btn-default")
        await user.should_see("应用 4 项", retries=20)
        user.find("应用 4 项").click()
        await user.should_see("将删除 1 行：", retries=20)
        await user.should_see("gone")
        await user.should_see("2 个映射会失去模型：")
        await user.should_see("mapping:claude")
        user.find("取消").click()
        await asyncio.sleep(0.05)
        assert console.started == []


async def test_a_project_that_cannot_be_read_says_why_and_can_be_asked_again() -> None:
    async with page("/sync") as (user, console):
        console.cloud.sync.is_configured = False
        user.find("查看差异").click()
        await user.should_see("无法与 Supabase 比较", retries=30)
        console.cloud.sync.is_configured = True
        for entry in list(console.cloud.outbox.rows):  # their buttons say the same
            await console.cloud.outbox.discard(entry.id)
        await user.should_not_see("ai_model 不接受这一行", retries=30)
        press(user, "重试", "gb-btn-default")
        await user.should_see("应用 3 项", retries=30)


async def test_what_waits_can_be_tried_again_or_given_up() -> None:
    async with page("/sync") as (user, console):
        await user.should_see("ai_model 不接受这一行：23514")
        user.find("立即重试").click()
        await until(lambda: console.cloud.outbox.resumed == 1)
        press(user, "重试", "gb-btn-default")
        await until(lambda: len(console.cloud.outbox.rows) == 1)
        assert console.cloud.outbox.rows[0].state is OutboxState.CONFLICT


async def test_after_a_copy_was_put_back_pushing_goes_on_only_when_it_is_agreed_to() -> None:
    async with page("/sync") as (user, console):
        await user.should_see("立即重试")
        await user.should_not_see(marker="let-go")
        outbox = console.cloud.outbox
        outbox.is_held = True
        outbox.changed.emit(outbox.view)
        await user.should_see(marker="let-go", retries=20)
        await user.should_not_see("立即重试")
        user.find(marker="let-go").click()
        await user.should_see("副本中的 2 项改动将写入 Supabase", retries=20)
        user.find("取消").click()
        await asyncio.sleep(0.05)
        assert outbox.is_held
        user.find(marker="let-go").click()
        await user.should_see("副本中的 2 项改动将写入 Supabase", retries=20)
        press(user, "继续推送", "gb-btn-danger")
        await until(lambda: not outbox.is_held)
        await user.should_not_see(marker="let-go", retries=20)
        await user.should_see("立即重试")


async def test_the_log_shows_who_did_what_and_takes_it_back() -> None:
    async with page("/audit") as (user, console):
        found = rows(user)
        assert [row["subject"] for row in found] == ["<img src=x>", "coach", "同步"]
        assert found[0]["action"]["word"] == "已修改"
        assert found[0]["actor"] == "命令行或操作员令牌"
        fire(user, "open", "3")
        await user.should_see("req-1")
        user.find("撤销").click()
        await user.should_see("撤销这次改动？", retries=20)
        press(user, "撤销")
        await until(lambda: console.audit.rows[0].undone_at is not None)


async def test_the_address_of_the_log_filters_it() -> None:
    async with page("/audit?kind=prompt&q=coach") as (user, console):
        assert [row["subject"] for row in rows(user)] == ["coach"]
        assert console.audit.asked[0].kinds == ("prompt",)
        assert console.audit.asked[0].text == "coach"


async def test_an_entry_of_a_prompt_leads_to_its_version() -> None:
    async with page("/audit") as (user, _):
        fire(user, "open", "2")
        await user.should_see("查看这个版本")


@pytest.mark.parametrize("bare", [True, False])
async def test_the_settings_explain_who_is_the_authority(bare: bool) -> None:
    async with page("/settings", bare=bare) as (user, _):
        text = "以本控制台的数据库为准" if bare else "供应商、映射和提示词以 Supabase 为准"
        await user.should_see(text)


async def test_the_settings_save_a_key_once_and_offer_the_sql() -> None:
    async with page("/settings") as (user, console):
        (form,) = user.find(kind=SupabaseForm).elements
        with user:
            form._fields["service_key"].control.value = "sb_secret_canary"
            await form._save()
        edit = console.cloud.supabase.saved[0]
        assert (edit.service_key, edit.anon_key) == ("sb_secret_canary", None)
        assert form._fields["service_key"].control.value == ""
        with user:
            await form._run_test()
        await user.should_see("项目在 41 毫秒内应答")
        await user.should_see("create table if not exists public.model_mappings")
