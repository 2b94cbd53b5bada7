"""Settings › Access: accounts, sign-ins and tokens on the page."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.settings.access_lists import browser_text
from components.settings.executions_form import ExecutionsForm
from components.settings.log_form import LogForm
from components.settings.pace_form import PaceForm
from components.settings.upkeep_panels import BackupPanel, RetentionPanel
from gymbro_ui.shell import shell
from services.access.types import Role, Visitor
from tests.support.builders import until
from tests.support.preview import build


@asynccontextmanager
async def the_page(**state: bool) -> AsyncGenerator[tuple[User, Any]]:
    console = build(**state)
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        yield user, console


async def seen(user: User, what: Callable[[], bool]) -> None:
    await until(what)
    assert user is not None


async def test_what_is_exposed_and_who_may_come_in_is_shown() -> None:
    async with the_page() as (user, _):
        for text in ("仅本机", "本机使用者以外的所有人", "night.shift", "2001:db8:4::/64"):
            await user.should_see(text)
        for text in ("gbc_9fK2aQ…", "已吊销", "已过期", "Edge · Windows"):
            await user.should_see(text)


async def test_without_an_account_the_switch_is_off_and_says_why() -> None:
    async with the_page(bare=True) as (user, _):
        (switch,) = user.find(marker="login-on-loopback").elements
        assert not switch.enabled  # pyright: ignore[reportAttributeAccessIssue]
        await user.should_see("请先添加账号，否则谁也进不来。")


async def test_a_sign_in_of_somebody_is_ended() -> None:
    async with the_page() as (user, console):
        user.find(marker="end-cccccccc").click()
        await seen(user, lambda: len(console.access.open_sessions()) == 2)


async def test_a_role_is_changed_in_its_row() -> None:
    async with the_page() as (user, console):
        with user:
            (choice,) = [
                one
                for one in ElementFilter(kind=ui.select)
                if one.props.get("aria-label") == "night.shift 的角色"
            ]
            choice.value = str(Role.OPERATOR)
        await seen(user, lambda: console.access.accounts()[1].role is Role.OPERATOR)


async def test_what_saves_by_itself_is_off_for_who_only_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Visitor("night.shift", Role.READ_ONLY, 2, "f" * 64)
    monkeypatch.setattr("gymbro_ui.shell.settle_visitor", lambda _: reader)
    async with the_page() as (user, console):
        with user:
            forms = [
                one
                for kind in (ExecutionsForm, PaceForm, LogForm, RetentionPanel, BackupPanel)
                for one in ElementFilter(kind=kind)
            ]
        assert len(forms) == 5
        await console.settings.change({"backups_kept": 9})  # what draws them anew
        await asyncio.sleep(0.15)
        for form in forms:
            controls = [
                e for e in form.descendants() if isinstance(e, ui.number | ui.switch | ui.select)
            ]
            assert controls
            for control in controls:
                assert not control.enabled, control.props.get("aria-label")


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
            "Firefox · Linux",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/1.0 Safari/1", "Chrome · macOS"),
        ("curl/8.9", "curl/8.9"),
        ("", "未知浏览器"),
        ("<script>" * 20, "<script><script><script><script><script>"),
    ],
)
def test_a_browser_is_named_as_people_call_it(agent: str, shown: str) -> None:
    assert browser_text(agent) == shown
