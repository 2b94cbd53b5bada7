"""The frame in a real Chromium: look, words, keys, connection, attacks, sizes."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import PreviewProcess, a_page, chromium

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("frame")]
PATHS = ("/", "/e2e", "/settings")
TITLES = ("总览", "E2E 记录", "设置")
NO_FLASH = """
  new MutationObserver(() => {
    if (document.body && window.firstColour === undefined)
      window.firstColour = getComputedStyle(document.documentElement).backgroundColor;
  }).observe(document, { childList: true, subtree: true });
"""
DARK = "rgb(14, 17, 22)"
TOMORROW = "const now = Date.now.bind(Date); Date.now = () => now() + 26 * 3600 * 1000;"


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreviewProcess]:
    found = PreviewProcess(find_free_port(), tmp_path_factory.mktemp("preview"), "--running")
    found.start()
    yield found
    found.stop()


async def test_a_chosen_look_is_there_with_the_first_paint(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url, before=NO_FLASH) as page:
        await page.get_by_role("button", name="明暗").click()
        await page.get_by_text("深色", exact=True).click()
        await expect(page.locator("html")).to_have_css("background-color", DARK)
        await page.reload()
        await page.wait_for_selector(".gb-frame")
        assert await page.evaluate("window.firstColour") == DARK


async def test_without_a_choice_the_system_decides_and_may_change_its_mind(
    preview: PreviewProcess,
) -> None:
    async with chromium() as browser, a_page(browser, preview.url, dark=True) as page:
        html = page.locator("html")
        await expect(html).to_have_css("background-color", DARK)
        await page.emulate_media(color_scheme="light")
        await expect(html).to_have_css("background-color", "rgb(246, 247, 248)")


async def test_the_language_is_the_browsers_until_one_is_chosen(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url, locale="en-GB") as page:
        await expect(page.locator("h1")).to_have_text("Overview")
        await expect(page.locator("html")).to_have_attribute("lang", "en-US")
        await page.get_by_role("button", name="中文").click()
        await expect(page.locator("h1")).to_have_text("总览")
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(page).to_have_title(re.compile(r"^\(\d+✕\) 总览 · GymBro Console$"))


async def test_keys_lead_anywhere_but_not_while_one_types(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url) as page:
        await page.keyboard.press("Control+k")
        await page.keyboard.type("设")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/settings$"))
        field = page.get_by_label("时区", exact=True).last
        await field.focus()
        await page.keyboard.type("ge")
        await page.keyboard.press("Escape")
        await expect(page).to_have_url(re.compile("/settings$"))
        await page.locator("h1").click()
        await _compose(page, "g", "o")
        await expect(page).to_have_url(re.compile("/settings$"))
        await page.keyboard.press("g")
        await page.keyboard.press("e")
        await expect(page).to_have_url(re.compile("/e2e"))
        await expect(page.locator(".gb-rail__item[aria-current=page]")).to_contain_text("E2E")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="键盘快捷键")).to_have_count(0)


async def test_single_letters_can_be_switched_off(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/settings") as page:
        await page.get_by_text("启用单字母快捷键").click()
        await expect(page.locator("html")).to_have_attribute("data-keys", "off")
        await page.reload()
        await page.wait_for_selector(".gb-conn[data-state=live]")
        for key in ("g", "e", "?"):
            await page.keyboard.press(key)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page).to_have_url(re.compile("/settings$"))
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("dialog")).to_be_visible()


async def _compose(page: Page, *keys: str) -> None:
    for key in keys:
        await page.evaluate(
            "key => document.body.dispatchEvent(new KeyboardEvent('keydown',"
            " { key, isComposing: true, bubbles: true }))",
            key,
        )


async def test_the_folded_menu_is_remembered(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url) as page:
        rail = page.get_by_role("navigation", name="页面")
        assert (await rail.bounding_box() or {}).get("width") == 200
        await page.get_by_role("button", name="折叠菜单").click()
        await expect(page.locator(".gb-frame")).to_have_attribute("data-rail", "small")
        await page.reload()
        await page.wait_for_selector(".gb-conn[data-state=live]")
        assert (await rail.bounding_box() or {}).get("width") == 56


async def test_a_check_that_does_not_come_is_seen_without_the_server(
    preview: PreviewProcess,
) -> None:
    """The browser's own clock decides; nothing stays green."""
    async with chromium() as browser:
        async with a_page(browser, preview.url) as page:
            await expect(page.locator(".gb-watch")).to_be_hidden()
        async with a_page(browser, preview.url, before=TOMORROW) as page:
            await expect(page.locator(".gb-watch")).to_contain_text("起未在检测")
            await expect(page.locator("html")).to_have_attribute("data-watch", "late")


async def test_a_run_can_be_cancelled_from_the_corner(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/settings") as page:
        corner = page.locator(".gb-monitor")
        await expect(corner).to_contain_text("1 进行中")
        await corner.get_by_role("button", name="运行中与失败的执行").click()
        await page.locator("#gb-dock").get_by_role("button", name="取消", exact=True).click()
        dialog = page.locator(".q-dialog")
        await expect(dialog).to_contain_text("取消“端到端检测”？")
        await dialog.get_by_role("button", name="取消运行").click()
        await expect(corner.locator(".gb-monitor__button")).to_contain_text("已取消")
        await expect(corner).not_to_contain_text("1 进行中")


async def test_a_setting_is_refused_at_its_field_saved_and_undone(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/settings#schedule") as page:
        form = page.locator("#schedule form")
        hours = form.get_by_label("间隔小时数")
        await hours.fill("2")
        await form.get_by_role("button", name="保存").click()
        await expect(form.get_by_role("alert").filter(has_text="3 到 24")).to_be_visible()
        await expect(hours).to_be_focused()
        await hours.fill("8")
        await expect(form).to_contain_text("每天 120 次对话")
        await form.get_by_role("button", name="保存").click()
        toast = page.locator(".gb-toast")
        await expect(toast).to_contain_text("已保存")
        await expect(form.get_by_role("button", name="保存")).to_be_disabled()
        await toast.get_by_role("button", name="撤销").click()
        await expect(hours).to_have_value("3")


async def test_a_lost_console_is_told_and_found_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = PreviewProcess(find_free_port(), tmp_path_factory.mktemp("lost")).start()
    try:
        async with chromium() as browser, a_page(browser, server.url) as page:
            badge = page.locator(".gb-conn")
            server.stop()
            await expect(badge).to_have_attribute("data-state", "reconnecting")
            await expect(badge).to_contain_text("重连中")
            server.start()
            await expect(badge).to_have_attribute("data-state", "live", timeout=20_000)
    finally:
        server.stop()


async def test_foreign_text_is_only_text_on_every_page(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = PreviewProcess(find_free_port(), tmp_path_factory.mktemp("bad"), "--hostile").start()
    try:
        async with chromium() as browser, a_page(browser, server.url) as page:
            for path in PATHS:
                await page.locator(f'.gb-rail__item[href="{path}"]').click()
                await expect(page.locator(".gb-top")).to_contain_text("onerror")
                await page.wait_for_timeout(500)
                assert await page.evaluate("window.hacked") is None
    finally:
        server.stop()


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
async def test_every_page_fits(preview: PreviewProcess, locale: str) -> None:
    """Nothing is cut or scrolls sideways, and every button has a name."""
    async with chromium() as browser, a_page(browser, preview.url, locale=locale) as page:
        for path, title in zip(PATHS, TITLES, strict=True):
            await page.locator(f'.gb-rail__item[href="{path}"]').click()
            if locale == "zh-CN":
                await expect(page.locator("h1")).to_have_text(title)
            await page.wait_for_timeout(300)
            for width, height in ((768, 1024), (1100, 720), (1920, 1080), (1280, 800)):
                await page.set_viewport_size({"width": width, "height": height})
                await page.wait_for_timeout(100)
                assert await page.evaluate(_OVERFLOW) == [], (path, width)
                assert await page.evaluate(_NAMELESS) == [], path
                wide = await page.evaluate(
                    "[document.documentElement.scrollWidth, document.querySelector('.gb-page')"
                    ".scrollWidth - document.querySelector('.gb-page').clientWidth]"
                )
                assert wide == [width, 0], path


_OVERFLOW = """() => {
  const wide = [...document.querySelectorAll(".gb-page, .gb-top, .gb-foot, .gb-rail")]
    .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className);
  const outside = [...document.querySelectorAll(".gb-top .q-btn, .gb-foot button")]
    .filter((e) => e.offsetParent && e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => e.textContent);
  return [...wide, ...outside];
}"""
_NAMELESS = """() => [...document.querySelectorAll("button, [role=button], a[href], input")]
  .filter((e) => e.offsetParent && !e.getAttribute("aria-label") && !e.title && !e.textContent.trim()
    .replace(/^[a-z_0-9]+$/, e.querySelector(".q-icon") ? "" : "$&") && !e.labels?.length
    && !e.closest("[aria-label]"))
  .map((e) => e.outerHTML.slice(0, 160))"""
