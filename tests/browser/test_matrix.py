"""Matrix, drawer and health dots in a real Chromium: keys, names, themes, sizes, hostile text."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import PreviewProcess, a_page, chromium

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("matrix")]
TOMORROW = "const now = Date.now.bind(Date); Date.now = () => now() + 26 * 3600 * 1000;"
GRID = "const el = document.querySelector('.gx'); const grid = getElement(+el.id.slice(1));"
HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=2</script>'


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreviewProcess]:
    found = PreviewProcess(find_free_port(), tmp_path_factory.mktemp("preview"))
    found.start()
    yield found
    found.stop()


async def the_grid(page: Page) -> Locator:
    grid = page.get_by_role("grid")
    await expect(grid.locator(".gx-cell").first).to_be_visible()
    return grid


def row(page: Page, name: str) -> Locator:
    head = page.get_by_role("rowheader", name=re.compile(f"^{name}"))
    return page.locator(".gx-row").filter(has=head)


async def test_it_is_a_grid_with_one_way_in_and_a_name_for_every_cell(
    preview: PreviewProcess,
) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        grid = await the_grid(page)
        await expect(grid).to_have_attribute("aria-colcount", "52")
        assert await page.evaluate(GRID + "el.querySelectorAll('[tabindex=\"0\"]').length") == 1
        unnamed = "[...el.querySelectorAll('[role=gridcell]')].filter(c => !c.ariaLabel).length"
        assert await page.evaluate(GRID + unnamed) == 0
        cell = row(page, "ds-v3").locator(".gx-cell:not([hidden])").last
        await expect(cell).to_have_attribute("aria-label", re.compile(r"ds-v3, \d\d-\d\d .*失败"))


async def test_arrows_walk_in_two_dimensions_and_enter_opens(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        cells = row(page, "ds-v3").locator(".gx-cell:not([hidden])")
        await cells.last.focus()
        await page.keyboard.press("ArrowLeft")
        await expect(cells.nth(-2)).to_be_focused()
        await page.keyboard.press("Home")
        await expect(cells.first).to_be_focused()
        await page.keyboard.press("Control+End")
        await page.keyboard.press("Control+Home")
        await expect(page.locator(".gx-label:focus")).to_have_count(1)
        await cells.last.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".gx-drawer")).to_have_attribute("data-open", "true")
        await expect(cells.last).to_have_attribute("aria-selected", "true")
        await expect(cells.last).to_be_focused()  # the operator walks on without the mouse
        await page.keyboard.press("Escape")
        await expect(page.locator(".gx-drawer")).to_have_attribute("data-open", "false")


async def test_r_asks_first_and_names_the_cost(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        await row(page, "qwen-max").locator(".gx-label").focus()
        await page.keyboard.press("r")
        dialog = page.locator(".gb-dialog")
        await expect(dialog).to_contain_text("将对被测服务发起 2 次对话")
        await dialog.get_by_role("button", name="取消").click()
        await expect(dialog).to_have_count(0)
        await page.locator(".gx-column").last.focus()
        await page.keyboard.press("r")
        await expect(dialog).to_contain_text("将对被测服务发起 40 次对话")


async def test_keys_do_nothing_while_an_input_method_composes(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        cell = row(page, "ds-v3").locator(".gx-cell").last
        await cell.focus()
        await cell.dispatch_event("keydown", {"key": "r", "isComposing": True})
        await page.wait_for_timeout(300)
        await expect(page.locator(".gb-dialog")).to_have_count(0)


async def test_a_row_unfolds_into_its_user_types(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        label = row(page, "qwen-max").locator(".gx-label")
        await expect(label).to_have_attribute("aria-expanded", "false")
        await label.click()
        children = page.locator(".gx-child .gx-label")
        await expect(children).to_have_text(["匿名", "注册"])
        await expect(row(page, "qwen-max").locator(".gx-label")).to_have_attribute(
            "aria-expanded", "true"
        )


async def test_the_hover_card_says_reason_and_request(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        await row(page, "ds-v3").locator(".gx-cell:not([hidden])").last.hover()
        card = page.locator(".gx-tip")
        await expect(card).to_contain_text("失败")
        await expect(card).to_contain_text("HTTP 503")
        await expect(card).to_contain_text("b" * 32)
        await page.mouse.move(5, 5)
        await expect(card).to_be_hidden()


async def test_a_hostile_name_is_only_ever_text(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        await page.evaluate(
            "hostile => {"
            + GRID
            + """
              const data = structuredClone(JSON.parse(JSON.stringify(grid.data)));
              for (const row of data.rows) { row.key = row.name = hostile + row.key; row.provider = hostile; }
              for (const line of data.lines) if (line.text) line.text = hostile;
              for (const mark of data.axis.marks) { mark.flag = hostile; mark.tip = hostile; }
              grid.model.load(data);
              grid.reset();
            }""",
            HOSTILE,
        )
        await expect(page.locator(".gx-name").filter(has_text="<img src=x").first).to_be_visible()
        await page.locator(".gx-cell:not([hidden])").last.hover()
        await page.wait_for_timeout(400)
        assert await page.evaluate("window.pwned") is None
        assert await page.locator(".gx img, .gx-tip img, .gx script").count() == 0


async def test_the_glyphs_follow_the_theme(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        light = await page.evaluate("document.getElementById('gx-glyphs').textContent")
        await page.emulate_media(color_scheme="dark")
        await page.wait_for_function(
            "light => document.getElementById('gx-glyphs').textContent !== light", arg=light
        )


async def test_nothing_moves_where_motion_is_not_wanted(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        await page.emulate_media(reduced_motion="reduce")
        await page.evaluate(
            GRID + "const c = grid.model.columns.at(-1).no;"
            "grid.patch([[grid.data.rows[0].key, 0, c, 'r'], [grid.data.rows[0].key, 1, c, 'r']], 99);"
        )
        ring = page.locator(".gx-cell.gx-w-ring").first
        await expect(ring).to_have_css("animation-name", "none")


async def test_a_small_window_keeps_the_newest_columns_and_gives_the_drawer_all_of_it(
    preview: PreviewProcess,
) -> None:
    async with (
        chromium() as browser,
        a_page(browser, preview.url + "/e2e", size=(768, 1024)) as page,
    ):
        grid = await the_grid(page)
        box = await grid.bounding_box()
        assert box is not None
        last = row(page, "ds-v3").locator(".gx-cell:not([hidden])").last
        seen = await last.bounding_box()
        assert seen is not None
        assert seen["x"] + seen["width"] <= box["x"] + box["width"] - 168 + 1
        assert await page.evaluate("document.documentElement.scrollWidth") <= 768
        await last.click()
        drawer = page.locator(".gx-drawer")
        await expect(drawer).to_have_css("width", "768px")


async def test_the_page_makes_room_for_the_drawer(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url + "/e2e") as page:
        await the_grid(page)
        cell = row(page, "ds-v3").locator(".gx-cell:not([hidden])").last
        await cell.click()
        drawer = page.locator(".gx-drawer")
        await expect(drawer).to_contain_text("复制证据")
        await page.wait_for_timeout(300)
        at, sheet = await cell.bounding_box(), await drawer.bounding_box()
        assert at is not None
        assert sheet is not None
        assert at["x"] + at["width"] <= sheet["x"]


async def test_verdicts_turn_stale_by_the_browsers_own_clock(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url, before=TOMORROW) as page:
        await expect(page.locator(".hd-dot").first).to_be_visible()
        await expect(page.locator(".hd-dot[data-tone=ok]")).to_have_count(0)
        await expect(page.locator(".ov-works")).to_have_attribute("data-stale", "true")
        await expect(page.locator(".hd-stale").first).to_have_text("过期")


async def test_a_dot_leads_to_its_record(preview: PreviewProcess) -> None:
    async with chromium() as browser, a_page(browser, preview.url) as page:
        await page.locator(".hd-dot").first.click()
        await expect(page).to_have_url(re.compile("/e2e"))
        await expect(page.locator(".gx-drawer")).to_contain_text("复制证据")
