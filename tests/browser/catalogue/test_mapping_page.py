"""Models, providers and mapping in a real Chromium over the program itself."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.catalogue_pages import (
    HOSTILE,
    endpoint,
    field,
    mapping,
    row,
)
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("catalogue")]


async def test_a_mapping_is_made_ordered_by_keyboard_and_explained(
    console: ConsoleProcess,
) -> None:
    endpoint(console, "中转", "alpha", "beta")
    async with chromium() as browser, a_page(browser, f"{console.url}/mapping") as page:
        await page.get_by_role("button", name="添加映射").click()
        form = page.locator(".gb-dialog")
        await field(page, "键").locator("input").fill("coach")
        adding = field(page, "添加模型").locator("input")
        for model in ("alpha", "beta"):
            await adding.fill(model)
            await expect(page.get_by_role("option")).to_have_count(1)  # the list has followed
            await page.get_by_role("option", name=model, exact=True).click()
        items = form.locator(".ml-item")
        await expect(items).to_have_count(2)
        await items.nth(1).focus()
        await page.keyboard.press("Alt+ArrowUp")
        await expect(items.first).to_contain_text("beta")
        await expect(items.first).to_be_focused()
        await items.nth(1).drag_to(items.first)
        await expect(items.first).to_contain_text("alpha")
        await page.keyboard.press("Escape")
        await form.get_by_role("button", name="保存").click()
        await expect(row(page, "coach")).to_contain_text("alpha")
        await row(page, "coach").get_by_role("button", name="会得到什么，为什么").click()
        answer_box = page.locator(".ma-answer")
        await expect(answer_box.locator(".ma-result")).to_contain_text("alpha")
        mapping(console, "meal", "beta", scope_type="module")
        asks = page.locator(".ma-asks")
        await asks.get_by_label("模块").fill("meal")
        await expect(answer_box.locator(".ma-result")).to_contain_text("beta")
        await expect(answer_box).to_contain_text("映射 module:meal 限制后剩下 beta。")
        await expect(answer_box.locator("li[data-state=applies]")).to_have_count(2)


async def test_dead_references_are_repaired_with_one_click(console: ConsoleProcess) -> None:
    endpoint(console, "中转", "gpt-4o", "b")
    mapping(console, "one", "gpt-4o-old", "b")
    mapping(console, "two", "gpt-4o-old")
    async with chromium() as browser, a_page(browser, f"{console.url}/mapping") as page:
        await expect(row(page, "one").locator(".bt-chip[data-tone=slow]")).to_have_count(1)
        await expect(row(page, "two")).to_contain_text("没有模型")
        await page.get_by_role("button", name="修复 1 处").click()
        dialog = page.locator(".gb-dialog")
        await expect(dialog).to_contain_text("2 条映射")
        await expect(dialog.locator("input").first).to_have_value("gpt-4o")  # the nearest name
        await dialog.get_by_role("button", name="替换").click()
        await expect(dialog).to_contain_text("现在所有引用都有效")
        await dialog.get_by_role("button", name="关闭").click()
        await expect(row(page, "two")).to_contain_text("已选路")
        await expect(page.get_by_role("button", name=re.compile("修复"))).to_be_hidden()


async def test_chosen_mappings_are_changed_together(console: ConsoleProcess) -> None:
    endpoint(console, "中转", "old", "new")
    for key in ("first", "second", "third"):
        mapping(console, key, "old")
    async with chromium() as browser, a_page(browser, f"{console.url}/mapping") as page:
        await page.get_by_placeholder("搜索键或模型").fill("old")
        await page.get_by_label("选中全部结果").check()
        bar = page.locator(".ma-picked")
        await expect(bar).to_contain_text("已选 3 条")
        await bar.get_by_role("button", name="替换模型").click()
        dialog = page.locator(".gb-dialog")
        await field(page, "替换为").locator("input").fill("new")
        await page.get_by_role("option", name="new", exact=True).click()
        await expect(dialog).to_contain_text("3 条映射将改变")
        await expect(dialog).to_contain_text("first: old → new")
        await dialog.get_by_role("button", name="替换", exact=True).click()
        await expect(dialog).to_be_hidden()  # until then it keeps the focus
        await page.get_by_placeholder("搜索键或模型").fill("")
        await expect(row(page, "second")).to_contain_text("new")
        await page.get_by_role("button", name="撤销").click()
        await expect(row(page, "second")).to_contain_text("old")
        await bar.get_by_role("button", name="停用").click()
        await page.locator(".gb-dialog").get_by_role("button", name="停用").click()
        await expect(row(page, "third")).to_contain_text("关闭")


async def test_three_of_four_passed_activate_anyway(console: ConsoleProcess) -> None:
    models = ["demo-thinkingml", "demo-fast", "demo-bad-structure", "demo-tools"]
    mapping(console, "trial", models[1])
    async with chromium() as browser, a_page(browser, f"{console.url}/mapping") as page:
        await row(page, "trial").click()
        form = page.locator(".gb-dialog")
        adding = field(page, "添加模型").locator("input")
        for model in (models[0], *models[2:]):
            await adding.fill(model)
            await expect(page.get_by_role("option")).to_have_count(1)  # the list has followed
            await page.get_by_role("option", name=model, exact=True).click()
            await expect(form.get_by_role("listitem").filter(has_text=model)).to_be_visible()
            await expect(adding).to_have_value("")  # the console has emptied it for the next one
        await form.get_by_role("button", name="先检查 · 4 次对话").click()
        await expect(form).to_contain_text("3/4 通过，仍要生效吗？", timeout=40_000)
        await expect(form.locator(".ma-trial", has_text="bad-structure")).to_contain_text(
            "结构错误"
        )
        with console.operator() as client:
            listed = client.get("/llm/model-groups?scope_key=trial").json()["data"]
            assert listed[0]["candidates"] == [models[1]]  # nothing was stored by the check
            await form.get_by_role("button", name="仍要生效").click()
            await expect(form).to_be_hidden()
            listed = client.get("/llm/model-groups?scope_key=trial").json()["data"]
            assert len(listed[0]["candidates"]) == 4


async def test_an_export_is_previewed_imported_and_idempotent(
    console: ConsoleProcess, tmp_path: Path
) -> None:
    mapping(console, "exported", "demo-fast", metadata={"own": 1})
    async with chromium() as browser, a_page(browser, f"{console.url}/mapping") as page:
        async with page.expect_download() as download:
            await page.get_by_role("button", name="导出").click()
        file = tmp_path / "mappings.json"
        await (await download.value).save_as(file)
        rows = json.loads(file.read_text())["data"]
        assert {"mapping:exported", "global:global"} <= {one["id"] for one in rows}
        with console.operator() as client:
            client.delete("/llm/model-groups/mapping:exported")
        rows.append({"scope_type": "tenant", "scope_key": "from-original", "default_model": "gone"})
        rows.append({"scope_type": "planet", "scope_key": "x", "default_model": "y"})
        file.write_text(json.dumps({"data": rows}))
        for expected in ("导入 2 条映射", ""):
            await page.get_by_role("button", name="导入", exact=True).first.click()
            dialog = page.locator(".gb-dialog")
            await dialog.locator("input[type=file]").set_input_files(file)
            await expect(dialog).to_contain_text("没有作用域 planet")
            if expected:
                await expect(dialog).to_contain_text("mapping:from-original → gone")
                await dialog.get_by_role("button", name=expected).click()
            else:
                await expect(dialog).not_to_contain_text("条新增")
                await dialog.get_by_role("button", name="取消").click()
            await expect(dialog).to_be_hidden()
        await expect(row(page, "exported")).to_be_visible()
        await expect(row(page, "from-original")).to_contain_text("没有模型")


async def test_blocking_a_model_is_asked_first_and_seen_everywhere(
    console: ConsoleProcess,
) -> None:
    endpoint(console, "中转", "loved")
    mapping(console, "k", "loved")
    async with (
        chromium() as browser,
        a_page(browser, f"{console.url}/models?q=loved") as models,
        a_page(browser, f"{console.url}/mapping") as mappings,
    ):
        line = models.locator("tr.bt-kid", has_text="loved")
        await expect(line).to_contain_text("← mapping:k")
        await line.get_by_role("button", name=re.compile("屏蔽")).click()
        question = models.locator(".gb-dialog")
        await expect(question).to_contain_text("1 个键将没有模型： k")
        await question.get_by_role("button", name="屏蔽").click()
        await expect(line).to_contain_text("已屏蔽")
        await expect(row(mappings, "loved")).to_contain_text("没有模型")
        await mappings.get_by_role("button", name="屏蔽的模型").click()
        await mappings.get_by_role("button", name="取消屏蔽 loved").click()
        await expect(line).not_to_contain_text("已屏蔽")


@pytest.mark.parametrize("path", ["/models", "/mapping"])
async def test_foreign_names_stay_text(console: ConsoleProcess, path: str) -> None:
    endpoint(console, HOSTILE, HOSTILE, "{{constructor}}")
    mapping(console, HOSTILE, HOSTILE, "gone " + HOSTILE, name=HOSTILE)
    async with chromium() as browser, a_page(browser, console.url + path) as page:
        await expect(row(page, "<img src=x").first).to_be_visible()
        await row(page, "<img src=x").first.click()
        await page.wait_for_timeout(300)
        assert await page.evaluate("window.pwned") is None


@pytest.mark.parametrize("path", ["/models", "/mapping"])
async def test_both_pages_speak_english_and_fit_narrow_windows(
    console: ConsoleProcess, path: str
) -> None:
    mapping(console, "coach", "demo-fast", "gone")
    address = console.url + path
    async with (
        chromium() as browser,
        a_page(browser, address, locale="en-GB", size=(768, 900), dark=True) as page,
    ):
        titles = {"/models": "Models & providers", "/mapping": "Mapping"}
        await expect(page.locator("h1")).to_have_text(titles[path])
        await expect(page.locator("tr[data-at]").first).to_be_visible()
        await page.wait_for_timeout(400)
        text = await page.locator("#page").inner_text()
        assert not re.search(r"[\u4e00-\u9fff]", text)
        wide = await page.evaluate(
            "[...document.querySelectorAll('#page, .gb-page__body, .bt')]"
            ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
        )
        assert wide == []
