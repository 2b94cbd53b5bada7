"""What an operator sees of executions in a real Chromium: S2.43 to S2.48, keys, filters, monitor, cancel."""

import re
import time

import pytest
from playwright.async_api import expect

from tests.support.chromium import a_page, chromium
from tests.support.drill_process import DrillProcess
from tests.support.execution_pages import LADDER_S, LONG, OVERLAPS, row, wait_loaded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("runs live")]


async def test_a_run_appears_at_once_after_its_start(server: DrillProcess) -> None:
    """S2.43: in the list, in the history and in the corner; how soon, `make bench ARGS=push` measures."""
    (old,) = server.drill(text="x")
    async with (
        chromium() as browser,
        a_page(browser, f"{server.url}/executions/{old}") as page,
        a_page(browser, server.url) as overview,
    ):
        await page.get_by_role("button", name="重新运行").click()
        begin = page.locator(".q-dialog").get_by_role("button", name="重新运行")
        await expect(begin).to_be_visible()
        async with a_page(browser, server.url + "/executions") as watching:
            await wait_loaded(watching)
            before = await watching.locator(".ex-body .ex-row").first.get_attribute("data-key")
            await begin.click()
            newest = watching.locator(".ex-body .ex-row").first
            await expect(newest).not_to_have_attribute("data-key", before or "")
            key = await newest.get_attribute("data-key")
            await expect(row(overview, key or "")).to_be_visible()
        await expect(page).to_have_url(re.compile(f"/executions/{key}$"))


async def test_changing_the_page_or_closing_it_leaves_a_run_alone(server: DrillProcess) -> None:
    """S2.44, S2.3."""
    (key,) = server.drill(**LONG)
    async with chromium() as browser:
        async with a_page(browser, f"{server.url}/executions/{key}") as page:
            await page.locator('.gb-rail__item[href="/settings"]').click()
            await expect(page.locator("h1")).to_have_text("设置")
            await page.locator('.gb-rail__item[href="/executions"]').click()
            await expect(row(page, key)).to_have_attribute("data-state", "running")
            await page.reload()
            await expect(row(page, key)).to_have_attribute("data-state", "running")
        assert server.one(key)["status"] == "running"  # the browser is gone
        before = server.one(key)["done"]
        async with a_page(browser, f"{server.url}/executions/{key}") as page:
            await expect(page.locator(".ex-head")).to_have_attribute("data-state", "running")
        assert server.one(key)["done"] > before


async def test_the_monitor_counts_moves_stays_open_and_leads_to_that_run(
    server: DrillProcess,
) -> None:
    """S2.45, S2.12 to S2.15, S2.38."""
    async with chromium() as browser, a_page(browser, server.url + "/settings") as page:
        monitor = page.locator(".gb-monitor")
        button = page.locator(".gb-monitor__button")
        await expect(monitor).to_be_hidden()
        keys = server.drill(count=12, **LONG)
        await expect(button).to_contain_text("12 进行中")
        await button.click()
        panel = page.locator("#gb-dock .gb-monitor__panel")
        await expect(panel.locator(".gb-monitor__row")).to_have_count(12)
        of_one = panel.locator(f'.gb-monitor__row[data-key="{keys[4]}"]')
        first = await of_one.locator(".gb-monitor__side").inner_text()
        await expect(of_one.locator(".gb-monitor__side")).not_to_have_text(first)
        for path in ("/", "/e2e", "/executions"):
            await page.locator(f'.gb-rail__item[href="{path}"]').click()
            await expect(panel.locator(".gb-monitor__row").first).to_be_visible()
        await page.reload()
        await expect(panel.locator(".gb-monitor__row")).to_have_count(12)
        await of_one.locator(".gb-monitor__open").click()
        await expect(page).to_have_url(re.compile(f"/executions/{keys[4]}$"))
        await button.click()
        await expect(panel).to_have_count(0)


async def test_the_open_monitor_covers_nothing(server: DrillProcess) -> None:
    server.drill(count=12, **LONG)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        button = page.locator(".gb-monitor__button")
        if await button.get_attribute("aria-expanded") == "false":
            await button.click()
        await expect(page.locator(".gb-monitor__panel")).to_be_visible()
        for width, height in ((1280, 800), (768, 900), (320, 640)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.wait_for_timeout(200)
            assert await page.evaluate(OVERLAPS) == [], width
        await button.click()


async def test_an_end_flashes_and_a_failed_run_stays_until_it_is_opened(
    server: DrillProcess,
) -> None:
    async with chromium() as browser, a_page(browser, server.url + "/settings") as page:
        button = page.locator(".gb-monitor__button")
        (key,) = server.drill(steps=2, step_s=0.3, fail="HTTP 503 <img src=x onerror=alert(1)>")
        await expect(button.locator(".gb-flash")).to_contain_text("失败")
        await expect(button).to_contain_text("1 ✕ 未看")
        await expect(button.locator(".gb-flash")).to_have_count(0)
        await page.reload()
        await expect(button).to_contain_text("1 ✕ 未看")
        await page.locator('.gb-rail__item[href="/executions"]').click()
        await row(page, key).locator(".ex-name").click()
        await expect(page.locator(".ex-error")).to_contain_text("HTTP 503 <img src=x onerror")
        await expect(page.locator(".gb-monitor")).to_be_hidden()
        await page.reload()
        await expect(page.locator(".ex-error")).to_be_visible()
        await expect(page.locator(".gb-monitor")).to_be_hidden()


async def test_several_runs_do_not_disturb_each_other(server: DrillProcess) -> None:
    """S2.48: five at once, each with its own output and end."""
    keys = [
        server.drill(steps=5, step_s=0.2, text=f"run-{n}", **({"fail": "no"} if n == 3 else {}))[0]
        for n in range(5)
    ]
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        for n, key in enumerate(keys):
            state = "failed" if n == 3 else "succeeded"
            await expect(row(page, key)).to_have_attribute("data-state", state)
        for n, key in enumerate(keys):
            await page.goto(f"{server.url}/executions/{key}")
            said = page.locator(".ex-out__text")
            await expect(said).to_have_text("".join(f"run-{n} {step}\n" for step in range(1, 6)))


async def test_two_browsers_are_in_step(server: DrillProcess) -> None:
    async with (
        chromium() as one,
        chromium() as other,
        a_page(one, server.url + "/executions") as first,
        a_page(other, server.url + "/executions", locale="en-GB") as second,
    ):
        await wait_loaded(first)
        await wait_loaded(second)
        (key,) = server.drill(**LONG)
        for page, word in ((first, "运行中"), (second, "Running")):
            await expect(row(page, key).locator(".gb-mark__word")).to_have_text(word)
        await row(first, key).locator(".ex-acts button").click()
        await first.locator(".q-dialog").get_by_role("button", name="取消运行").click()
        for page, word in ((first, "已取消"), (second, "Cancelled")):
            await expect(row(page, key).locator(".gb-mark__word")).to_have_text(word)
        orders = [
            await page.locator(".ex-body .ex-row").evaluate_all("r => r.map((x) => x.dataset.id)")
            for page in (first, second)
        ]
        assert orders[0] == orders[1] == sorted(orders[0], key=int, reverse=True)


async def test_a_hung_run_ends_within_the_ladder_and_shows_each_step(server: DrillProcess) -> None:
    (key,) = server.drill(kind="deaf", seconds=120)
    async with chromium() as browser, a_page(browser, f"{server.url}/executions/{key}") as page:
        await page.get_by_role("button", name="取消", exact=True).click()
        await page.locator(".q-dialog").get_by_role("button", name="取消运行").click()
        asked = time.monotonic()
        ladder = page.locator(".ex-ladder li")
        await expect(ladder.nth(0)).to_have_attribute("data-state", "now")
        await expect(ladder.nth(0)).to_contain_text(re.compile(r"\d 秒后强制"))
        await expect(page.get_by_role("button", name="取消", exact=True)).to_be_disabled()
        await expect(ladder.nth(2)).to_have_attribute("data-state", "done", timeout=LADDER_S * 1000)
        assert 4.5 < time.monotonic() - asked < LADDER_S
        await expect(page.locator(".ex-head")).to_have_attribute("data-state", "cancelled")
        await expect(page.locator(".ex-line")).to_contain_text("已请求结束")
        await expect(page.locator(".ex-line")).to_contain_text("正在强制结束")
    assert server.one(key)["status"] == "cancelled"
    assert server.open_ids() == []


async def test_one_over_the_limit_waits_and_then_runs(server: DrillProcess) -> None:
    """S2.51."""
    server.settings(max_executions=2)
    keys = server.drill(count=4, **LONG)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        await expect(row(page, keys[2])).to_have_attribute("data-state", "pending")
        await expect(row(page, keys[2])).to_contain_text("排队第 1 位")
        await expect(row(page, keys[3])).to_contain_text("排队第 2 位")
        await expect(page.locator(".gb-monitor__button")).to_contain_text("4 进行中")
        await row(page, keys[0]).locator(".ex-acts button").click()
        await page.locator(".q-dialog").get_by_role("button", name="取消运行").click()
        await expect(row(page, keys[2])).to_have_attribute("data-state", "running")
        await expect(row(page, keys[3])).to_contain_text("排队第 1 位")
