"""Connection loss: cut, restart, sleep, refused websockets, push switched off; S2.46, S2.47, S2.17, S2.18, S2.50."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.drill_process import DrillProcess
from tests.support.proxy import Proxy, a_proxy

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("drill-connection")]
LONG = {"steps": 600, "step_s": 0.2}
COUNT_LOADS = """
  sessionStorage.loads = Number(sessionStorage.loads || 0) + 1;
"""


@asynccontextmanager
async def behind_a_proxy(tmp_path: Path) -> AsyncGenerator[tuple[DrillProcess, Proxy]]:
    """The console and a proxy whose address is its public one."""
    port = find_free_port()
    server = DrillProcess(
        tmp_path / "data", find_free_port(), {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    ).start()
    try:
        async with a_proxy(server.port, port) as proxy:
            yield server, proxy
    finally:
        server.stop()


async def loads(page: Page) -> int:
    return int(await page.evaluate("Number(sessionStorage.loads)"))


async def badge(page: Page, state: str, seconds: float = 20) -> None:
    await expect(page.locator(".gb-conn")).to_have_attribute(
        "data-state", state, timeout=seconds * 1000
    )


async def test_a_cut_is_told_and_what_was_missed_is_read_from_the_store(tmp_path: Path) -> None:
    """S2.41, S2.47: a run that ended while the page was away is ended on it, without a reload."""
    async with behind_a_proxy(tmp_path) as (server, proxy), chromium() as browser:
        (short,) = server.drill(kind="gate")
        (long,) = server.drill(**LONG)
        async with a_page(
            browser, proxy.url + "/executions", before=COUNT_LOADS, moves=True
        ) as page:
            running = page.locator(f'.ex-row[data-key="{short}"]')
            await expect(running).to_have_attribute("data-state", "running")
            proxy.down()
            await badge(page, "reconnecting")
            away = page.locator(f'.ex-row[data-key="{long}"]')
            glow = "(e) => getComputedStyle(e, '::after').animationName"
            assert await away.evaluate(glow) == "none"  # nothing pretends to run
            await page.wait_for_timeout(2500)
            await asyncio.to_thread(server.open_gate)
            (late,) = server.drill(**LONG)
            assert server.one(short)["status"] == "succeeded"
            proxy.up()
            await badge(page, "live")
            await expect(running).to_have_attribute("data-state", "succeeded")
            await expect(page.locator(f'.ex-row[data-key="{late}"]')).to_have_count(1)
            assert await away.evaluate(glow) == "gb-pulse"
            assert await loads(page) == 1
            server.end_all()
            await expect(away).to_have_attribute("data-state", "cancelled")


async def test_many_cuts_leave_one_handler_each(tmp_path: Path) -> None:
    """Five cuts later a change is still told once, and the output is not doubled."""
    async with behind_a_proxy(tmp_path) as (server, proxy), chromium() as browser:
        (key,) = server.drill(steps=60, step_s=0.2, text="line")
        async with a_page(browser, f"{proxy.url}/executions/{key}", before=COUNT_LOADS) as page:
            await expect(page.locator(".ex-out__text")).to_contain_text("line 2\n")
            for _ in range(5):
                proxy.cut()
                await page.wait_for_timeout(300)
                await badge(page, "live")
            state = page.locator(".ex-head")
            await expect(state).to_have_attribute("data-state", "succeeded", timeout=30_000)
            said = await page.locator(".ex-out__text").text_content()
            assert said == "".join(f"line {n}\n" for n in range(1, 61))
            lines = await page.locator(".ex-line__text").all_text_contents()
            assert lines == ["创建", "开始", "结束：已完成"]
            assert await loads(page) == 1


async def test_a_restart_reloads_once_and_nothing_is_left_running(tmp_path: Path) -> None:
    """S2.46: kill -9 in mid-run; the page comes back by itself and says interrupted."""
    async with behind_a_proxy(tmp_path) as (server, proxy), chromium() as browser:
        keys = server.drill(count=3, **LONG)
        async with a_page(browser, proxy.url + "/executions", before=COUNT_LOADS) as page:
            rows = [page.locator(f'.ex-row[data-key="{key}"]') for key in keys]
            await expect(rows[0]).to_have_attribute("data-state", "running")
            await expect(page.locator(".gb-monitor__button")).to_contain_text("3 进行中")
            server.kill()
            await badge(page, "reconnecting")
            await page.wait_for_timeout(4000)
            assert await loads(page) == 1  # no reload while there is nothing to load from
            server.start()
            await badge(page, "live", 40)
            for row in rows:
                await expect(row).to_have_attribute("data-state", "interrupted")
            await expect(page.locator('.ex-row[data-state="running"]')).to_have_count(0)
            await expect(page.locator(".gb-monitor__button")).to_contain_text("3 ✕ 未看")
            await page.wait_for_timeout(3000)
            assert await loads(page) == 2
            (new,) = server.drill(steps=1)
            await expect(page.locator(f'.ex-row[data-key="{new}"]')).to_have_count(1)


async def test_a_sleep_is_noticed_and_made_up(tmp_path: Path) -> None:
    """Nothing arrives and nothing is refused: what a closed lid looks like to both sides."""
    async with behind_a_proxy(tmp_path) as (server, proxy), chromium() as browser:
        (short,) = server.drill(kind="gate")
        async with a_page(browser, proxy.url + "/executions", before=COUNT_LOADS) as page:
            row = page.locator(f'.ex-row[data-key="{short}"]')
            await expect(row).to_have_attribute("data-state", "running")
            proxy.hang()
            await asyncio.to_thread(server.open_gate)
            await page.wait_for_timeout(6000)
            await expect(row).to_have_attribute("data-state", "running")
            proxy.up()
            await expect(row).to_have_attribute("data-state", "succeeded")
            await badge(page, "live")
            assert await loads(page) == 1


async def test_a_proxy_that_refuses_websockets_leaves_polling(tmp_path: Path) -> None:
    """S2.18."""
    async with behind_a_proxy(tmp_path) as (server, proxy), chromium() as browser:
        proxy.mode = "no_websocket"
        context = await browser.new_context(locale="zh-CN")
        page = await context.new_page()
        await page.goto(proxy.url + "/executions")
        await badge(page, "polling")
        await expect(page.locator(".gb-conn")).to_contain_text("轮询")
        (key,) = server.drill(**LONG)
        row = page.locator(f'.ex-row[data-key="{key}"]')
        await expect(row).to_have_attribute("data-state", "running")
        server.end_all()
        await expect(row).to_have_attribute("data-state", "cancelled")
        assert proxy.websockets > 0
        await context.close()


async def test_push_off_makes_open_and_new_pages_poll_until_it_is_on_again(tmp_path: Path) -> None:
    """S2.50, by the switch in the settings."""
    async with (
        behind_a_proxy(tmp_path) as (server, proxy),
        chromium() as browser,
        a_page(browser, proxy.url + "/settings#pace", before=COUNT_LOADS) as page,
        a_page(browser, proxy.url + "/executions", before=COUNT_LOADS) as other,
    ):
        switch = page.get_by_role("switch", name=re.compile("保持长连接"))
        await switch.click()
        await badge(page, "polling")
        await badge(other, "polling")
        before = proxy.websockets
        (key,) = server.drill(**LONG)
        row = other.locator(f'.ex-row[data-key="{key}"]')
        await expect(row).to_have_attribute("data-state", "running")
        await other.reload()
        await badge(other, "polling")
        assert proxy.websockets == before
        await switch.click()
        await badge(page, "live")
        await badge(other, "live")
        await expect(row).to_have_attribute("data-state", "running")
        assert await loads(page) == 1


async def test_a_console_that_stays_away_is_offline(tmp_path: Path) -> None:
    """S2.17: the waits grow to their cap, and a closed page asks no more."""
    async with (
        behind_a_proxy(tmp_path) as (_, proxy),
        chromium() as browser,
        a_page(browser, proxy.url + "/executions") as page,
    ):
        proxy.down()
        await badge(page, "reconnecting")
        await badge(page, "offline", 30)
        first = proxy.websockets
        await page.wait_for_timeout(6000)
        assert 1 <= proxy.websockets - first <= 6  # at most one in a second, at least one in five
        await page.close()
        last = proxy.websockets
        await asyncio.sleep(6.5)
        assert proxy.websockets == last
