"""A load test in a real Chromium on the embedded default: one press, figures that move, an end in words."""

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("load_pages")]
RUN_MS = 40_000


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path_factory.mktemp("load") / "data", find_free_port())
    found.start()
    yield found
    found.stop()


async def test_one_press_starts_a_load_test_whose_figures_move_and_end(
    console: ConsoleProcess,
) -> None:
    async with chromium() as browser, a_page(browser, f"{console.url}/simulator/load") as page:
        await page.get_by_label("调用总数").fill("0")
        await expect(page.locator(".gb-field__error:visible")).to_contain_text("1 到 1000000")
        await page.get_by_label("调用总数").fill("50")
        await page.get_by_role("button", name="开始 · 50 次对话").click()
        await expect(page).to_have_url(re.compile("/simulator/load/exe_"))
        success = page.locator("[aria-label=按类别统计的调用] tbody tr").first.locator("td").nth(1)
        await expect(success).to_have_text(re.compile("^([1-9]|[1-4][0-9])$"), timeout=RUN_MS)
        await expect(success).to_have_text("50", timeout=RUN_MS)  # without a reload
        verdict = page.locator(".lt-head__verdict")
        await expect(verdict).to_contain_text("全部限制都守住了", timeout=RUN_MS)
        await expect(page.get_by_text("合计 50 = 请求 50 · 已保存 50")).to_be_visible()
        await expect(page.locator(".lt-charts svg").first).to_be_visible()
        rows = page.locator("[aria-label=调用] tbody tr")
        await expect(rows).to_have_count(50)
        await rows.nth(3).click()
        await expect(page.locator(".gb-drawer[data-open=true]")).to_contain_text("请求 ID")
        await page.keyboard.press("Escape")
        csv_text = await _downloaded(page, "把每次调用下载为 CSV")
        assert len(list(csv.DictReader(io.StringIO(csv_text.lstrip("\ufeff"))))) == 50
        await page.get_by_label("搜索调用").fill(
            await rows.nth(0).locator("td").nth(2).inner_text()
        )
        json_text = await _downloaded(page, "把找到的调用下载为 JSON")
        assert len(json.loads(json_text)["results"]) == 50
        await page.goto(f"{console.url}/executions")
        link = page.locator(".ex-body a.ex-name", has_text="压测").first
        assert (await link.get_attribute("href") or "").startswith("/simulator/load/exe_")


async def _downloaded(page: Page, name: str) -> str:
    async with page.expect_download() as told:
        await page.get_by_label(name).click()
    return (await (await told.value).path()).read_text()
