"""Retention and backup on the settings page: what ran, what is there, what a button starts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.primitives.toast import Toasts
from gymbro_ui.shell import shell
from services.executions.types import Execution, ExecutionState, Trigger
from services.foundation.errors import ConflictError
from tests.support.builders import until
from tests.support.preview import build


@asynccontextmanager
async def settings_page(*, bare: bool = False) -> AsyncGenerator[tuple[User, Any, list[str]]]:
    console = build(bare=bare)
    started: list[str] = []

    async def start(name: str, _params: dict[str, Any]) -> Execution:
        if name in started:
            raise ConflictError("{label} is running already", label=name)
        started.append(name)
        return Execution(9, f"exe_{name}", name, name, ExecutionState.PENDING, Trigger.MANUAL)

    console.executions.start = start
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        yield user, console, started


def _number(user: User, name: str) -> ui.number:
    with user:
        return next(
            one for one in ElementFilter(kind=ui.number) if one.props.get("aria-label") == name
        )


async def test_the_last_clean_up_says_what_went_and_what_stays() -> None:
    async with settings_page() as (user, _, _started):
        await user.should_see("已删除 19.8k 行 · 磁盘释放 48.3 MB")
        await user.should_see(
            "E2E 记录与回复 1,204 · 执行 36 · 消息与对话 18.2k · 按用户的统计 310"
        )
        await user.should_see("2 项改动等待推送到 Supabase，无论多旧都会保留")


async def test_a_run_that_ends_brings_its_result_to_the_page() -> None:
    async with settings_page(bare=True) as (user, console, started):
        await user.should_see("还没有运行过。")
        await user.should_see("还没有副本")
        user.find(marker="run-retention").click()
        user.find(marker="run-backup").click()
        await until(lambda: started == ["retention", "backup"])
        console.upkeep.retention.bare = False
        ended = Execution(9, "exe_r", "retention", "x", ExecutionState.SUCCEEDED, Trigger.MANUAL)
        console.executions.changed.emit(ended)
        await user.should_see("已删除 19.8k 行 · 磁盘释放 48.3 MB")


async def test_days_are_saved_when_one_leaves_the_field_and_a_bad_one_is_refused_there() -> None:
    async with settings_page() as (user, console, _):
        field = _number(user, "审计")
        for value, wanted in ((90, 90), (0, 90)):
            with user:
                field.value = value
                for listener in field._event_listeners.values():
                    if listener.type == "change":
                        field._handle_event(
                            {"id": field.id, "listener_id": listener.id, "args": {}}
                        )
            await until(
                lambda wanted=wanted: console.settings.preferences.retention_audit_days == wanted
            )
        await user.should_see("应为 1 到 3650 的整数，而不是 0")


async def test_each_copy_says_its_size_its_rows_and_whether_it_was_verified() -> None:
    async with settings_page() as (user, console, _):
        newest = console.upkeep.backups.copies[0]
        await user.should_see(newest.name)
        await user.should_see("212.4 MB")
        await user.should_see("1.0M 行")
        with user:
            commands = [
                one.props["data-copy"]
                for one in ElementFilter(kind=ui.button)
                if str(one.props.get("data-copy", "")).startswith("python main.py restore")
            ]
        assert commands[0] == f"python main.py restore {newest.name}"
        assert len(commands) == 4


def _told(user: User) -> list[str]:
    with user:
        return [item["text"] for stack in ElementFilter(kind=Toasts) for item in stack._items]


async def _restore_dialog(user: User) -> tuple[ui.button, ui.input]:
    user.find(marker="restore").click()
    await user.should_see(marker="restore-go", retries=20)
    (go,) = user.find(marker="restore-go").elements
    (typed,) = user.find(marker="restore-word").elements
    assert isinstance(go, ui.button)
    assert isinstance(typed, ui.input)
    return go, typed


async def test_a_copy_is_put_back_once_its_difference_was_shown_and_the_word_typed() -> None:
    async with settings_page() as (user, console, _):
        stops: list[None] = []
        console.ask_to_stop = lambda: stops.append(None)
        await user.should_see(marker="restore", retries=20)
        go, typed = await _restore_dialog(user)
        for text in ("ai_prompt_tests", "120.4k", "96.1k", "−24.3k", "new_table"):
            await user.should_see(text)
        await user.should_see("其中有 2 项改动等待推送到 Supabase")
        assert not go.enabled
        for word, is_agreed in (("restor", False), ("恢复", True), ("", False), (" 恢复 ", True)):
            with user:
                typed.value = word
            assert go.enabled is is_agreed, word
        user.find(marker="restore-go").click()
        await until(lambda: stops == [None])
        assert console.upkeep.restores.is_asked
        await user.should_see("控制台正在重启", retries=20)
        await user.should_not_see(marker="restore-go")


async def test_a_copy_that_cannot_be_put_back_says_why_and_nothing_stops() -> None:
    async with settings_page() as (user, console, _):
        stops: list[None] = []
        console.ask_to_stop = lambda: stops.append(None)

        async def refuse(_name: str) -> None:
            raise ConflictError("{label} is running already", label="E2E")

        console.upkeep.restores.ask = refuse
        await user.should_see(marker="restore", retries=20)
        go, typed = await _restore_dialog(user)
        with user:
            typed.value = "恢复"
        user.find(marker="restore-go").click()
        await until(lambda: _told(user) == ["E2E 已在运行"])
        assert go.enabled
        assert stops == []


async def test_a_copy_that_cannot_be_read_closes_its_dialog_with_the_reason() -> None:
    async with settings_page() as (user, console, _):

        async def refuse(_name: str) -> None:
            raise ConflictError("{label} is running already", label="E2E")

        console.upkeep.restores.preview = refuse
        await user.should_see(marker="restore", retries=20)
        user.find(marker="restore").click()
        await until(lambda: _told(user) == ["E2E 已在运行"])
        with user:
            assert not any(dialog.value for dialog in ElementFilter(kind=ui.dialog))


async def test_with_postgresql_the_card_names_the_way() -> None:
    console = build()
    console.upkeep.backups.is_possible = False
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        await user.should_see("数据在 PostgreSQL 中：请使用该服务器的 pg_dump 与 pg_restore。")
        await user.should_not_see(marker="run-backup")
