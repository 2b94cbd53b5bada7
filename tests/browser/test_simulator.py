"""S3.17 to S3.19 from nothing: open the page, press send, read the reply, reload: it is there."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("simulator")]
RUN_MS = 40_000


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path_factory.mktemp("console") / "data", find_free_port())
    found.start()
    yield found
    found.stop()


async def test_a_first_conversation_is_started_shown_saved_and_there_after_a_reload(
    console: ConsoleProcess,
) -> None:
    async with chromium() as browser, a_page(browser, f"{console.url}/simulator") as page:
        await page.get_by_label("消息").last.fill("深蹲多深？")
        await page.get_by_role("button", name="发送", exact=True).click()
        await expect(page.locator(".si-verdict")).to_contain_text("正常", timeout=RUN_MS)
        await expect(page.locator(".ex-out__text")).to_contain_text("</final>")
        await expect(page.get_by_role("link", name="已保存")).to_be_visible()
        await expect(page.locator(".si-times")).to_contain_text(re.compile(r"首字\s*\d+ ms"))
        event = page.locator(".si-event[data-kind=completed]")
        await event.click()  # its data comes on demand
        await expect(page.locator(".si-data pre")).to_contain_text("reply_len")
        await page.get_by_role("radio", name="检查").click()
        await expect(page.get_by_text("ThinkingML 结构")).to_be_visible()
        await page.get_by_role("radio", name="令牌").click()
        await expect(page.locator(".si-claims")).to_contain_text("is_anonymous")
        await page.reload()
        await expect(page.locator(".si-asked")).to_have_text("深蹲多深？")
        await expect(page.locator(".si-reply")).to_contain_text("</final>")
        await page.get_by_role("link", name="已保存").click()
        await expect(page).to_have_url(re.compile("/simulator/chat/exe_"))
        await expect(page.locator(".si-detail")).to_contain_text("demo-thinkingml")
        await page.goto(f"{console.url}/")
        await expect(page.get_by_text("最近一次对话")).to_be_visible()
        await page.locator(".ov-last").get_by_role("link", name="打开").click()
        await expect(page).to_have_url(re.compile("/simulator/chat/exe_"))
