"""Agents and workflows in a real Chromium over the program itself: test, leave, steps live, editor."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agents")]
RUN_MS = 40_000
# Whether the row made something of the key.
PRESSED = """(row, key) => !row.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path_factory.mktemp("console") / "data", find_free_port())
    found.start()
    yield found
    found.stop()


async def test_an_agent_is_made_tested_and_left_while_it_runs(console: ConsoleProcess) -> None:
    async with chromium() as browser, a_page(browser, f"{console.url}/agents") as page:
        await page.get_by_role("button", name="新建智能体").first.click()
        form = page.locator("form.gb-form")
        await form.get_by_label("名称").fill("教练")
        await form.get_by_label("模型键").fill("global")
        await page.keyboard.press("Enter")  # takes the key that was typed
        await form.get_by_role("button", name="保存").click()
        await expect(page.locator(".ga-item__title")).to_have_text("教练")
        await page.locator(".ga-test textarea").fill("三天计划")
        await page.get_by_role("button", name="测试", exact=True).click()
        await expect(page.get_by_text("测试已启动")).to_be_visible()
        await page.goto(f"{console.url}/settings")  # the page is gone, the test is not
        await page.goto(f"{console.url}/agents")
        row = page.locator(".gb-table tbody tr").first
        await expect(row).to_contain_text("正常", timeout=RUN_MS)
        for keys, key, is_taken in (
            ("on", "j", True),
            ("off", "j", False),
            ("off", "ArrowUp", True),
        ):
            await page.evaluate("keys => { document.documentElement.dataset.keys = keys; }", keys)
            assert await row.evaluate(PRESSED, key) is is_taken
        await row.click()
        await expect(page.locator(".ga-output")).to_contain_text("</final>")
        await page.get_by_role("link", name="打开此次执行").click()
        await expect(page).to_have_url(re.compile("/executions/exe_"))


async def test_two_windows_see_every_step_of_a_run(console: ConsoleProcess) -> None:
    path = f"{console.url}/agents?tab=workflows"
    async with chromium() as browser, a_page(browser, path) as page, a_page(browser, path) as other:
        await page.get_by_role("button", name="运行 · 2").click()
        await expect(page.get_by_text("已启动 晨间检查")).to_be_visible()
        for window in (page, other):
            good = window.locator(".ga-step[data-tone=ok]")
            await expect(good).to_have_count(4, timeout=RUN_MS)
            await expect(window.locator(".ga-step__said").nth(2)).to_contain_text("2/2 good")
            await expect(window.locator(".gb-table tbody tr").first).to_contain_text("4/4")


async def test_steps_are_moved_by_drag_and_by_keys(console: ConsoleProcess) -> None:
    async with (
        chromium() as browser,
        a_page(browser, f"{console.url}/agents?tab=workflows", size=(1280, 1400)) as page,
    ):
        await page.get_by_role("button", name="编辑").click()
        await expect(page.locator(".ga-card")).to_have_count(4)
        await _order(page, "与 Supabase 同步", "供应商探测", "端到端检测", "报告")
        await page.locator(".ga-card__head").nth(2).drag_to(page.locator(".ga-card").nth(1))
        await _order(page, "与 Supabase 同步", "端到端检测", "供应商探测", "报告")
        await page.locator(".ga-card").nth(1).locator("input").first.focus()
        await page.keyboard.press("Alt+ArrowDown")
        await _order(page, "与 Supabase 同步", "供应商探测", "端到端检测", "报告")
        await expect(page.locator(".ga-card").nth(2)).to_be_focused()
        await page.keyboard.press("Alt+ArrowUp")
        await _order(page, "与 Supabase 同步", "端到端检测", "供应商探测", "报告")
        await page.locator(".ga-card").nth(3).locator("textarea").fill("{{step4.output}}")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".gb-field__error:visible")).to_contain_text("只能引用之前的步骤")
        await page.locator(".ga-hole", has_text="step1.output").click()
        await expect(page.locator(".ga-card textarea")).to_have_value(
            "{{step4.output}} {{step1.output}}"
        )


async def _order(page: Page, *titles: str) -> None:
    await expect(page.locator(".ga-card__head .t-strong")).to_have_text(list(titles))
