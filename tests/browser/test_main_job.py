"""The main job for real: start, run an E2E, see dots turn, open the drawer, change language and look."""

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("main job")]
RUN_MS = 60_000
MODELS = ("demo-fast", "demo-bad-structure", "demo-500", "demo-429")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path_factory.mktemp("console") / "data", find_free_port())
    found.start()
    yield found
    found.stop()


def map_demo_models(console: ConsoleProcess) -> None:
    """Map well and badly behaving models of the demo supplier, each under its own name."""
    with console.operator() as client:
        for model in MODELS:
            body = {
                "scope_type": "mapping",
                "scope_key": model,
                "name": model,
                "default_model": model,
                "candidates": [model],
                "is_active": True,
            }
            answer: httpx.Response = client.post("/llm/model-groups", json=body)
            assert answer.is_success, answer.text


async def test_the_main_job_from_nothing_to_a_verdict_and_its_reason(
    console: ConsoleProcess,
) -> None:
    async with chromium() as browser, a_page(browser, console.url) as page:
        await _first_run(page)
        map_demo_models(console)
        await expect(page.locator(".hd-model")).to_have_count(5)
        async with a_page(browser, console.url + "/e2e") as records:
            await _second_run(page, records)
            await _drawer(records)
            await _keys(records)
        await _language_and_look(page)


async def _first_run(page: Page) -> None:
    """Two clicks lead from an empty console to a judged E2E: the guide, and its start."""
    await expect(page.get_by_text("最初五分钟")).to_be_visible()
    await expect(page.locator(".ov-works")).to_have_attribute("data-tone", "none")
    await page.get_by_role("link", name="打开上手指引").click()
    await expect(page.get_by_text("已完成 1/5")).to_be_visible()
    await page.get_by_role("button", name="运行首次 E2E · 2 次对话").click()
    first = page.get_by_role("listitem", name="首次 E2E")
    await expect(first).to_contain_text("可判 2，正常 2", timeout=RUN_MS)
    await expect(first.locator(".hd-dot[data-tone=ok]")).to_have_count(2)
    await expect(page.get_by_text("已完成 3/5")).to_be_visible()  # its sign-ins ticked theirs too
    await page.get_by_role("link", name="总览").first.click()
    await expect(page.locator(".ov-works .t-figure")).to_have_text("2/2", timeout=RUN_MS)
    await expect(page.locator(".ov-works")).to_have_attribute("data-tone", "ok")
    await expect(page.locator(".hd-dot[data-tone=ok]")).to_have_count(2)
    await expect(page.get_by_text("已完成；结果见下方圆点")).to_be_visible()
    await _first_steps_stay_until_put_away(page)


async def _first_steps_stay_until_put_away(page: Page) -> None:
    """The way to add a key stays after the demo's run, is put away, and comes back by the palette."""
    card = page.get_by_text("最初五分钟")
    await page.get_by_role("button", name="粘贴并测试").click()
    await expect(page.get_by_label("API Key")).to_be_visible()
    await page.get_by_role("button", name="收起").click()
    await expect(card).to_be_hidden()
    await page.reload()
    await expect(page.locator(".ov-works")).to_have_attribute("data-tone", "ok")
    await expect(card).to_be_hidden()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("上手步骤")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("已完成 3/5")).to_be_visible()
    await page.get_by_role("button", name="在总览中提醒我").click()
    await page.get_by_role("link", name="总览").first.click()
    await expect(card).to_be_visible()


async def _second_run(page: Page, records: Page) -> None:
    """A run started on one page is followed by another one, cell by cell."""
    grid = records.get_by_role("grid")
    await expect(grid).to_be_visible()
    heads = records.locator(".gx-column")
    before = await heads.count()
    await page.get_by_role("button", name=re.compile("运行 E2E · 10")).first.click()
    await expect(heads).to_have_count(before + 1)
    await expect(records.locator(".gx-progress")).to_be_hidden(timeout=RUN_MS)
    for word in ("demo-bad-structure, .*结构错误", "demo-500, .*失败", "demo-429, .*限额"):
        await expect(records.get_by_role("gridcell", name=re.compile(word)).last).to_be_visible()
    bad = page.locator(".hd-model", has_text="demo-bad-structure").locator(".hd-dot")
    await expect(bad.first).to_have_attribute("data-tone", "structure")
    await expect(page.locator(".ov-works")).to_have_attribute("data-tone", "failed")
    await expect(page).to_have_title(re.compile(r"^\(2✕\)"))


async def _drawer(records: Page) -> None:
    """The drawer names verdict, checks and the offending place, and copies evidence."""
    cell = records.get_by_role("gridcell", name=re.compile("demo-bad-structure")).last
    await cell.click()
    drawer = records.get_by_role("dialog", name="单次结果")
    await expect(drawer).to_contain_text("结构错误")
    await drawer.get_by_role("radio", name="检查").click()
    await expect(drawer).to_contain_text("ThinkingML 结构")
    await expect(drawer).to_contain_text("未通过")
    await drawer.get_by_role("radio", name="时序").click()
    await expect(drawer.locator(".gx-fall")).to_have_count(5)
    await drawer.get_by_role("radio", name="回复").click()
    await expect(drawer.locator(".gx-reply")).to_contain_text("<thinking>")
    await drawer.get_by_role("radio", name="详情").click()
    await expect(drawer).to_contain_text("请求 ID")
    await expect(cell).to_have_attribute("aria-selected", "true")
    copied = await drawer.get_by_role("button", name="复制证据").get_attribute("data-copy")
    assert copied is not None
    assert "curl" in copied
    assert "eyJ" not in copied


async def _keys(records: Page) -> None:
    """Escape closes, arrows walk, r asks with the cost before it spends anything."""
    await records.keyboard.press("Escape")
    await expect(records.locator(".gx-drawer")).to_have_attribute("data-open", "false")
    cell = records.get_by_role("gridcell", name=re.compile("demo-bad-structure")).last
    await cell.focus()
    await records.keyboard.press("ArrowLeft")
    await records.keyboard.press("ArrowRight")
    await expect(cell).to_be_focused()
    await records.keyboard.press("r")
    dialog = records.locator(".gb-dialog")
    await expect(dialog).to_contain_text(re.compile(r"将对被测服务发起 \d+ 次对话"))
    await dialog.get_by_role("button", name="取消").click()
    await expect(dialog).to_have_count(0)


async def _language_and_look(page: Page) -> None:
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("h1")).to_have_text("Overview")
    await expect(page.locator(".ov-works__word")).to_have_text("OK of judged")
    await page.get_by_role("button", name="Light or dark").click()
    await page.get_by_text("Dark", exact=True).click()
    await expect(page.locator("html")).to_have_css("background-color", "rgb(14, 17, 22)")


async def test_a_page_opened_late_shows_what_was_judged_before(console: ConsoleProcess) -> None:
    map_demo_models(console)
    _judge(console)
    async with chromium() as browser, a_page(browser, console.url + "/e2e?view=permanent") as page:
        await expect(page.get_by_role("grid")).to_be_visible()
        assert await page.locator(".gx-cell:not([data-code='.'])").count() > 0


def _judge(console: ConsoleProcess) -> None:
    """Start an E2E beside every page and return once it ended."""
    with console.operator() as client:
        started = client.post("/stats/e2e-mapped-model-runs", json={}).json()["data"]["launch_id"]
        for _ in range(RUN_MS // 100):
            if client.get(f"/stats/e2e-launches/{started}").json()["data"]["finished_at"]:
                return
            time.sleep(0.1)
    raise AssertionError("the run did not end")
