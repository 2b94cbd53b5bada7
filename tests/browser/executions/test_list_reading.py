"""Reading the list in a real Chromium: a search that stopped half way says so, and coming back finds the place."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.chromium import a_page, chromium
from tests.support.drill_process import DrillProcess
from tests.support.execution_pages import row, wait_loaded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("drill")]

# What the server sends when 25,000 records were looked through (the store's own test counts them).
HALF_WAY = """([rows, before]) => {
  const list = getElement(+document.querySelector(".ex-list").id.slice(1));
  window.asked = window.asked || [];
  list.$.vnode.props.onOlder = (wanted) => window.asked.push(wanted.before);
  list.append({ no: list.page.no, rows: JSON.stringify(rows), before, partial: true });
}"""


async def _half_way(page: Page, before: int, rows: tuple[object, ...] = ()) -> None:
    await page.evaluate(HALF_WAY, [list(rows), before])


async def test_a_search_that_stopped_half_way_says_so_and_offers_to_go_on(
    server: DrillProcess,
) -> None:
    server.drill(steps=1)
    address = server.url + "/executions?q=nothing+is+called+that"
    async with chromium() as browser, a_page(browser, address) as page:
        await expect(page.locator(".gb-empty")).to_be_visible()
        end = page.locator(".ex-end")
        for before in (
            9_000,
            8_000,
            7_000,
        ):  # with nothing found it goes on by itself, not for ever
            await _half_way(page, before)
        await expect(end).to_contain_text("已搜索到 #7000")
        await expect(page.locator(".gb-empty")).to_have_count(0)
        asked = await page.evaluate("window.asked.length")
        await page.wait_for_timeout(200)
        assert await page.evaluate("window.asked.length") == asked
        await end.get_by_role("button", name="继续向前搜索").click()
        await expect(end).to_contain_text("正在搜索 #7000 之前")
        assert await page.evaluate("window.asked.at(-1)") == 7_000


async def test_coming_back_from_a_run_finds_the_same_rows_in_the_same_place(
    server: DrillProcess,
) -> None:
    server.drill(count=130, steps=1)
    address = server.url + "/executions?kind=drill"
    async with chromium() as browser, a_page(browser, address) as page:
        await wait_loaded(page)
        body = page.locator(".ex-body")
        for _ in range(8):
            await body.evaluate("e => e.scrollBy(0, 500)")
            await page.wait_for_timeout(60)
        seen = page.locator(".ex-body .ex-row").nth(14)
        key = await seen.get_attribute("data-key") or ""
        place = await seen.bounding_box()
        for way in ("back button", "link"):
            await row(page, key).click()
            await expect(page).to_have_url(re.compile(f"/executions/{key}$"))
            if way == "link":
                await page.get_by_role("link", name="全部执行").click()
            else:
                await page.go_back()
            await expect(row(page, key)).to_be_focused()
            assert await row(page, key).bounding_box() == place
            await expect(page).to_have_url(address)
