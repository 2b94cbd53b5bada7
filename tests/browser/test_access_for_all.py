"""Every page for who cannot see or point: axe-core in both looks, empty and full, and the keyboard alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.axe import findings
from tests.support.chromium import PreviewProcess, a_page, chromium

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("access for all")]


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreviewProcess]:
    found = PreviewProcess(find_free_port(), tmp_path_factory.mktemp("preview"), "--running")
    found.start()
    yield found
    found.stop()


EVERY_PAGE = (
    *("/executions", "/executions/exe_102", "/models", "/mapping", "/e2e", "/simulator"),
    *("/simulator/load", "/simulator/compare", "/simulator/load/compare", "/prompts", "/agents"),
    *("/agents?tab=workflows", "/sync", "/logs", "/audit", "/settings", "/no-such-page", "/"),
)


async def _walk(page: Page, *, looks: tuple[str, ...] = ("light", "dark")) -> list[str]:
    """Go to every page in one session; return what axe finds that keeps somebody out."""
    found: list[str] = []
    for path in EVERY_PAGE:
        await page.evaluate("path => emitEvent('sub_pages_navigate', path)", path)
        await expect(page).to_have_url(re.compile(re.escape(path) + r"(\?.*)?$"))
        await expect(page.locator(".gb-page__body h1, .gb-page .gb-empty").first).to_be_visible()
        for look in looks:
            await page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            found += await findings(page, ["color-contrast"] if look == "dark" else ())
    await page.emulate_media(color_scheme="light")
    return found


@pytest.mark.timeout(300)
async def test_axe_finds_nothing_grave_on_any_page_in_either_look(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/settings") as page:
        found = await _walk(page)
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("option").first).to_be_visible()
        found += await findings(page)
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
        found += await findings(page)
        await page.keyboard.press("Escape")
        for path in ("/models?do=new", "/mapping?do=new", "/prompts?do=new"):
            await page.evaluate("path => emitEvent('sub_pages_navigate', path)", path)
            await expect(page.locator(".q-dialog")).to_be_visible()
            found += await findings(page)
            await page.locator(".q-dialog").get_by_role("button", name="取消", exact=True).click()
            await expect(page.locator(".q-dialog")).to_have_count(0)
    assert not found, "\n".join(found)


@pytest.mark.timeout(300)
async def test_axe_finds_nothing_grave_where_there_is_nothing_yet(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = PreviewProcess(find_free_port(), tmp_path_factory.mktemp("bare"), "--bare").start()
    try:
        async with chromium() as browser, a_page(browser, server.url + "/settings") as page:
            found = await _walk(page, looks=("light",))
    finally:
        server.stop()
    assert not found, "\n".join(found)


async def test_the_keyboard_alone_leads_into_a_page_its_rows_and_its_filter(
    preview: PreviewProcess,
) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/audit") as page:
        await page.keyboard.press("Tab")
        await expect(page.locator(".gb-skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("g")
        await page.keyboard.press("m")
        await expect(page).to_have_url(re.compile("/models$"))
        await expect(page.locator("[role=status]").filter(has_text="模型与供应商")).to_have_count(1)
        await page.keyboard.press("/")
        search = page.locator(".bt-search input")
        await expect(search).to_be_focused()
        await search.fill("deep")
        await page.keyboard.press("ArrowDown")
        row = page.locator("tr[data-at='0']")
        await expect(row).to_be_focused()
        await page.keyboard.press("e")
        await expect(page.locator(".q-dialog")).to_be_visible()
        await page.locator(".q-dialog").get_by_role("button", name="取消", exact=True).click()
        await expect(page.locator(".q-dialog")).to_have_count(0)
        await page.keyboard.press("Control+k")
        await page.keyboard.type("dsv3")
        await expect(page.get_by_role("option").filter(has_text="ds-v3").first).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("combobox", name="前往页面")).to_have_count(0)
