"""The frame as a user meets it, without a browser: pages, words, failures, leaks."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.frame.notice_bar import NoticeBar
from components.words import speaking, tr
from gymbro_ui import site_map
from gymbro_ui.shell import pages as shell_pages
from gymbro_ui.shell import shell
from gymbro_ui.site_map import PAGES, Page, page_at
from services.foundation.errors import NotFoundError
from services.foundation.messages import say
from tests.support.preview import build


@asynccontextmanager
async def operator(**state: bool) -> AsyncGenerator[tuple[User, Any]]:
    console = build(**state)
    async with user_simulation(partial(shell, console)) as user:
        yield user, console


@pytest.mark.parametrize("path", [page.path for page in PAGES])
async def test_every_menu_entry_opens_a_page_with_its_title(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = page_at(path)
    assert page is not None
    async with operator() as (user, _):
        await user.open(path)
        with speaking("zh"):
            await user.should_see(tr(page.title), retries=20)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_every_page_of_the_map_is_different() -> None:
    for name in ("path", "title", "key", "icon"):
        values = [getattr(page, name) for page in PAGES]
        assert len(set(values)) == len(values), name
    assert page_at("/e2e/?window=7d") is page_at("/e2e")
    assert page_at("/nowhere") is None


async def test_an_unknown_address_says_so_in_words() -> None:
    async with operator() as (user, _):
        response = await user.http_client.get("/nowhere/at/all")
        assert response.status_code == 404
        await user.open("/")
        with user:
            ui.navigate.to("/nowhere/at/all")
        await user.should_see("页面不存在", retries=20)
        await user.should_see("/nowhere/at/all")


def _replaced(monkeypatch: pytest.MonkeyPatch, render: Any) -> None:
    found = [Page(p.path, p.title, p.icon, render if p.path == "/" else p.render) for p in PAGES]
    monkeypatch.setattr(site_map, "PAGES", tuple(found))
    monkeypatch.setattr(shell_pages, "PAGES", tuple(found))


async def test_a_page_that_fails_says_why_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def render(_console: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise NotFoundError("There is no execution {id}", id="exe_7")
        ui.label("now it works")

    _replaced(monkeypatch, render)
    async with operator() as (user, _):
        await user.open("/")
        await user.should_see("exe_7")
        user.find("重试").click()
        await user.should_see("now it works")
        await user.should_not_see("exe_7")
    assert not caplog.records


async def test_a_fault_of_ours_shows_no_trace_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def render(_console: Any) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError("secret-detail")

    _replaced(monkeypatch, render)
    async with operator() as (user, _):
        await user.open("/")
        await user.should_see("ZeroDivisionError", retries=20)
        await user.should_not_see("secret-detail")
        await user.should_not_see("Traceback")
        await user.should_see("设置")  # the frame is still there
        assert "secret-detail" in caplog.text
        caplog.clear()


async def test_changing_pages_leaves_no_subscription_behind() -> None:
    async with operator() as (user, console):
        await user.open("/settings")
        signals = (
            console.settings.changed,
            console.targets.changed,
            console.e2e.health_changed,
            console.e2e.cell_changed,
            console.executions.changed,
            console.schedules.changed,
        )
        await asyncio.sleep(0.05)
        before = [signal.subscriber_count for signal in signals]
        for _ in range(5):
            with user:
                ui.navigate.to("/e2e")
                await asyncio.sleep(0.02)
                ui.navigate.to("/")
                await asyncio.sleep(0.02)
                ui.navigate.to("/settings")
                await asyncio.sleep(0.05)
        assert [signal.subscriber_count for signal in signals] == before


async def test_a_closed_page_ends_every_subscription() -> None:
    async with operator() as (user, console):
        before = console.settings.changed.subscriber_count  # services that follow it themselves
        await user.open("/settings")
        assert console.settings.changed.subscriber_count > before
        assert user.client is not None
        user.client.delete()
        assert console.settings.changed.subscriber_count == before
        assert console.e2e.health_changed.subscriber_count == 0
        assert console.executions.changed.subscriber_count == 0


async def test_what_the_store_says_stands_above_every_page_until_it_is_read() -> None:
    async with operator() as (user, console):
        console.notices.append(say("The service under test {id} does not exist", id="zzz"))
        await user.open("/settings")
        await user.should_see("zzz")
        (bar,) = user.find(kind=NoticeBar).elements
        (close,) = [e for e in bar.descendants() if isinstance(e, ui.button)]
        close.mark("put-away")
        user.find(marker="put-away").click()
        await user.should_not_see("zzz")
        await user.open("/")
        await user.should_not_see("zzz")


async def test_a_store_that_keeps_nothing_cannot_be_put_away() -> None:
    async with operator() as (user, console):
        console.notices.append(say("Unknown setting {name}", name="zzz"))
        console.is_read_only = True
        await user.open("/")
        (bar,) = user.find(kind=NoticeBar).elements
        assert not [e for e in bar.descendants() if isinstance(e, ui.button)]
        assert "未知设置 zzz" in [e.text for e in bar.descendants() if isinstance(e, ui.label)]
