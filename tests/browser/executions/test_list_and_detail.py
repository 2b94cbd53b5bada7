"""What an operator sees of executions in a real Chromium: S2.43 to S2.48, keys, filters, monitor, cancel."""

import re

import pytest
from playwright.async_api import expect

from tests.support.chromium import a_page, chromium
from tests.support.drill_process import DrillProcess
from tests.support.execution_pages import LONG, composed, row, wait_loaded

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("drill")]


async def test_many_are_chosen_and_cancelled_together(server: DrillProcess) -> None:
    keys = server.drill(count=3, **LONG)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        for key in keys[:2]:
            await row(page, key).get_by_role("checkbox").check()
        await page.get_by_role("button", name="取消 2 个执行").click()
        await page.locator(".q-dialog").get_by_role("button", name="取消 2 个执行").click()
        for key in keys[:2]:
            await expect(row(page, key)).to_have_attribute("data-state", "cancelled")
        await expect(row(page, keys[2])).to_have_attribute("data-state", "running")
        await expect(page.get_by_role("button", name=re.compile("^取消 . 个执行"))).to_be_hidden()


async def test_new_rows_wait_in_a_chip_while_one_reads(server: DrillProcess) -> None:
    server.drill(count=40, steps=1)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        await wait_loaded(page)
        body = page.locator(".ex-body")
        await body.evaluate("e => e.scrollTo(0, 400)")
        await page.wait_for_timeout(100)
        seen = page.locator(".ex-body .ex-row").nth(14)
        key, place = await seen.get_attribute("data-key"), await seen.bounding_box()
        keys = server.drill(count=3, **LONG)
        chip = page.locator(".ex-fresh")
        await expect(chip).to_contain_text("3 条新执行")
        assert await row(page, key or "").bounding_box() == place
        await chip.click()
        await expect(row(page, keys[2])).to_be_visible()
        await expect(chip).to_have_count(0)
        assert await body.evaluate("e => e.scrollTop") == 0


async def test_older_pages_come_while_one_scrolls(server: DrillProcess) -> None:
    """S2.54: every row once, newest first, far beyond the first page."""
    server.drill(count=230, steps=1)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        await wait_loaded(page)
        body = page.locator(".ex-body")
        numbers: list[int] = []
        for _ in range(40):
            found = await page.locator(".ex-body .ex-row").evaluate_all(
                "rows => rows.map((row) => Number(row.dataset.id))"
            )
            numbers += [number for number in found if number not in numbers]
            await body.evaluate("e => e.scrollBy(0, 500)")
            await page.wait_for_timeout(60)
        assert len(numbers) >= 230
        assert sorted(numbers, reverse=True) == list(range(numbers[0], numbers[-1] - 1, -1))
        assert await page.locator(".ex-body .ex-row").count() < 80  # only what is in sight


async def test_filters_live_in_the_address(server: DrillProcess) -> None:
    (good,) = server.drill(steps=1)
    (bad,) = server.drill(steps=1, fail="out of tea")
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        await page.get_by_label("搜索执行").fill("OUT OF TEA")
        await expect(page).to_have_url(re.compile(r"\?q=OUT\+OF\+TEA$"))
        await expect(row(page, bad)).to_be_visible()
        await expect(row(page, good)).to_have_count(0)
        await page.get_by_role("radio", name="24 小时").click()
        await expect(page).to_have_url(re.compile("window=24h"))
        address = page.url
        await page.locator('.gb-rail__item[href="/executions"]').click()
        await expect(row(page, good)).to_be_visible()  # the menu leads to the whole list
        await expect(page.get_by_label("搜索执行")).to_have_value("")
        async with a_page(browser, address + "&status=failed&kind=drill") as linked:
            await expect(row(linked, bad)).to_be_visible()
            await expect(linked.get_by_label("搜索执行")).to_have_value("OUT OF TEA")
            (late,) = server.drill(steps=1)
            await linked.wait_for_timeout(400)
            assert await row(linked, late).count() == 0
            await linked.get_by_label("搜索执行").fill("nothing is called that")
            await expect(linked.locator(".gb-empty")).to_contain_text("没有符合条件的执行")
            await linked.get_by_role("button", name="显示全部执行").click()
            await expect(row(linked, late)).to_be_visible()


async def test_keys_walk_open_cancel_and_repeat_the_focused_row_only(server: DrillProcess) -> None:
    (old,) = server.drill(steps=1, text="x")
    (key,) = server.drill(**LONG)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        await wait_loaded(page)
        dialog = page.locator(".q-dialog")
        await page.locator("h1").click()
        for letter in "cr":
            await page.keyboard.press(letter)  # no row has the focus
        await page.get_by_label("搜索执行").focus()
        await page.keyboard.press("c")  # a letter of a text
        await page.get_by_label("搜索执行").fill("")
        assert await dialog.count() == 0
        await row(page, key).focus()
        await page.keyboard.press("j")
        await expect(row(page, old)).to_be_focused()
        await page.keyboard.press("k")
        await expect(row(page, key)).to_be_focused()
        await composed(page, "c")
        assert await dialog.count() == 0
        await page.keyboard.press("c")
        await expect(dialog).to_contain_text("取消“Drill”？")
        await dialog.get_by_role("button", name="取消运行").click()
        await expect(row(page, key)).to_have_attribute("data-state", "cancelled")
        await row(page, old).focus()
        await page.keyboard.press("r")
        await expect(dialog).to_contain_text("同样的调用")  # the cost
        await dialog.get_by_role("button", name="重新运行").click()
        await expect(page.locator(".gb-toast").last).to_contain_text("已启动")
        await row(page, key).focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"/executions/{key}$"))


async def test_letter_keys_can_be_switched_off(server: DrillProcess) -> None:
    (key,) = server.drill(**LONG)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        await row(page, key).focus()
        await page.evaluate("document.documentElement.dataset.keys = 'off'")
        await page.keyboard.press("c")
        await page.wait_for_timeout(300)
        assert await page.locator(".q-dialog").count() == 0
        await page.keyboard.press("Enter")  # no letter
        await expect(page).to_have_url(re.compile(key))


async def test_running_rows_glow_every_two_seconds_and_not_with_reduced_motion(
    server: DrillProcess,
) -> None:
    """S2.6, S2.20, S2.36, S2.37."""
    (done,) = server.drill(steps=1)
    (key,) = server.drill(**LONG)
    glow = "(e) => { const s = getComputedStyle(e, '::after'); return [s.animationName, s.animationDuration]; }"
    async with (
        chromium() as browser,
        a_page(browser, server.url + "/executions", moves=True) as page,
    ):
        assert await row(page, key).evaluate(glow) == ["gb-pulse", "2s"]
        assert (await row(page, done).evaluate(glow))[0] == "none"
        await expect(row(page, done)).to_have_attribute("data-tone", "ok")
        await page.emulate_media(reduced_motion="reduce")
        assert (await row(page, key).evaluate(glow))[0] == "none"


async def test_an_unknown_run_is_told_kindly(server: DrillProcess) -> None:
    keys = ("exe_nothere", "99999999", "-1", "1%27%3B%20DROP%20TABLE%20executions%3B--", "exe_%00")
    async with chromium() as browser, a_page(browser, f"{server.url}/executions/０") as page:
        for key in keys:
            await expect(page.locator(".gb-empty")).to_contain_text("没有这个执行")
            await page.get_by_role("link", name="全部执行", exact=True).click()
            await wait_loaded(page)
            await page.goto(f"{server.url}/executions/{key}")
        await expect(page.locator(".gb-empty")).to_contain_text("没有这个执行")


async def test_who_comes_late_sees_what_was_said_and_what_follows(server: DrillProcess) -> None:
    (key,) = server.drill(steps=40, step_s=0.1, text="line")
    async with chromium() as browser, a_page(browser, f"{server.url}/executions/{key}") as page:
        said = page.locator(".ex-out__text")
        await expect(said).to_contain_text("line 5\n")
        async with a_page(browser, f"{server.url}/executions/{key}") as late:
            text = "".join(f"line {n}\n" for n in range(1, 41))
            for found in (page, late):
                await expect(found.locator(".ex-head")).to_have_attribute("data-state", "succeeded")
                await expect(found.locator(".ex-out__text")).to_have_text(text)


async def test_a_family_is_linked_both_ways(server: DrillProcess) -> None:
    (key,) = server.drill(kind="family", parts=2)
    async with chromium() as browser, a_page(browser, f"{server.url}/executions/{key}") as page:
        parts = page.get_by_role("grid", name="子任务列表").locator(".ex-body .ex-row")
        await expect(parts).to_have_count(2)
        await expect(parts.first).to_have_attribute("data-state", "succeeded")
        await parts.first.locator(".ex-name").click()
        facts = page.locator(".ex-facts").last
        await expect(facts).to_contain_text("所属任务")
        await facts.get_by_role("link").click()
        await expect(page.locator("h1")).to_contain_text("Family drill")


async def test_times_stand_in_the_operators_zone_and_name_it(server: DrillProcess) -> None:
    """S2.8."""
    server.settings(e2e_timezone="Asia/Kathmandu")
    (key,) = server.drill(steps=1)
    async with chromium() as browser, a_page(browser, server.url + "/executions") as page:
        title = await row(page, key).locator("time").get_attribute("title")
        assert title is not None
        assert title.endswith("Asia/Kathmandu (UTC+05:45)")
    server.settings(e2e_timezone="UTC")


async def test_the_search_opens_a_run_by_its_id(server: DrillProcess) -> None:
    (key,) = server.drill(steps=1)
    async with chromium() as browser, a_page(browser, server.url + "/settings") as page:
        await page.keyboard.press("Control+k")
        await page.keyboard.type(key)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"/executions/{key}$"))


async def test_a_run_is_copied_as_json(server: DrillProcess) -> None:
    (key,) = server.drill(steps=1, text="x")
    async with chromium() as browser, a_page(browser, f"{server.url}/executions/{key}") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_role("button", name="复制为 JSON").click()
        await expect(page.get_by_role("button", name="已复制")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText().then(JSON.parse)")
        assert copied["execution_id"] == key
        assert [event["kind"] for event in copied["events"]][-1] == "ended"
