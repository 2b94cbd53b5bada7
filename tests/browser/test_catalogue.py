"""Models, providers and mapping in a real Chromium over the program itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess
from tests.support.supplier_server import SupplierServer, answer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("catalogue")]
HOSTILE = '<img src=x onerror="window.pwned=1">'
KEY = "sk-canary-7f3a91c2d8"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path_factory.mktemp("console") / "data", find_free_port())
    found.start()
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def bare(console: ConsoleProcess) -> None:
    """Every test starts with the demo endpoint and `global:global`."""
    with console.operator() as client:
        for endpoint in client.get("/llm/models?view=endpoints").json()["data"]:
            if endpoint["provider_protocol"] != "demo":
                client.delete(f"/llm/models/{endpoint['id']}")
        for row in client.get("/llm/model-groups").json()["data"]:
            if row["id"] != "global:global":
                client.delete(f"/llm/model-groups/{row['id']}")
        client.put("/llm/models/blocked", json={"blocked": []})


def store(console: ConsoleProcess, path: str, **body: Any) -> dict[str, Any]:
    with console.operator() as client:
        made = client.post(f"/llm/{path}", json=body)
        assert made.is_success, made.text
        return made.json()["data"]


def endpoint(console: ConsoleProcess, name: str, *models: str, **more: Any) -> dict[str, Any]:
    body = {"base_url": "http://127.0.0.1:9", "api_key": KEY, "model": models[0]}
    return store(console, "models", **{**body, "name": name, "model_list": list(models), **more})


def mapping(console: ConsoleProcess, key: str, *models: str, **more: Any) -> dict[str, Any]:
    body = {"scope_type": "mapping", "default_model": models[0], "candidates": list(models)}
    return store(console, "model-groups", **{**body, "scope_key": key, **more})


def row(page: Page, text: str) -> Locator:
    return page.locator("tr[data-at]", has_text=text)


def field(page: Page, label: str) -> Locator:
    return page.locator(".gb-dialog .gb-field", has=page.get_by_text(label, exact=True))


def listing(*names: str) -> list[Any]:
    return [answer(200, {"data": [{"id": name} for name in names]})]


async def test_a_provider_is_added_checked_at_the_field_and_its_key_never_shown(
    console: ConsoleProcess,
) -> None:
    async with (
        SupplierServer() as supplier,
        chromium() as browser,
        a_page(browser, f"{console.url}/models") as page,
    ):
        supplier.play(listing("m-1", "m-2", "text-embedding-3"))
        await page.get_by_role("button", name="添加供应商").click()
        form = page.locator(".gb-dialog")
        await form.get_by_label("名称").fill("中转")
        await form.get_by_label("地址").fill("http://169.254.169.254/v1")
        await form.get_by_label("API").last.click()
        await expect(field(page, "地址").get_by_role("alert")).to_contain_text("169.254.169.254")
        await form.get_by_label("地址").fill(f"{supplier.base_url}/v1/chat/completions")
        await form.locator("input[type=password]").fill(KEY)
        await form.get_by_role("button", name="保存").click()
        await expect(field(page, "地址").get_by_role("alert")).to_contain_text("本机或内网")
        await form.get_by_text("允许本机或内网地址").click()
        await form.get_by_role("button", name="保存").click()
        await expect(row(page, "中转")).to_contain_text("尚未检测")
        await row(page, "中转").get_by_role("button", name="探测").click()
        await expect(row(page, "中转")).to_contain_text("在线")
        await expect(row(page, "中转").locator("td", has_text=re.compile("^2$"))).to_have_count(1)
        await row(page, "中转").click()
        await expect(page.locator(".mo-drawer")).to_contain_text("sk-c***c2d8")
        assert KEY not in await page.content()


async def test_states_are_honest(console: ConsoleProcess) -> None:
    async with SupplierServer() as refuses, SupplierServer() as bare_one:
        refuses.play([answer(401, {"error": {"message": "bad key"}})])
        bare_one.play([answer(404, {})])
        endpoint(console, "拒绝", "a", base_url=refuses.base_url)
        endpoint(console, "无清单", "b", base_url=bare_one.base_url)
        endpoint(console, "不在", "c")
        async with chromium() as browser, a_page(browser, f"{console.url}/models") as page:
            await page.get_by_role("button", name="全部探测").click()
            await expect(row(page, "拒绝")).to_contain_text("登录失败")
            await expect(row(page, "无清单")).to_contain_text("未列出模型")
            await expect(row(page, "不在")).to_contain_text("离线")
            head = page.locator(".mo-head")
            await expect(head).to_contain_text("登录失败 1")
            await expect(head).to_contain_text("在线 1")
            await page.get_by_role("radio", name=re.compile("有问题")).click()
            await expect(page.locator("tr[data-at]")).to_have_count(3)


async def test_a_new_address_says_that_the_key_goes_and_it_goes(console: ConsoleProcess) -> None:
    made = endpoint(console, "搬家", "a")
    async with chromium() as browser, a_page(browser, f"{console.url}/models") as page:
        await row(page, "搬家").get_by_role("button", name="编辑").click()
        form = page.locator(".gb-dialog")
        await expect(form).to_contain_text("已保存：sk-c***c2d8")
        await expect(form.locator(".mo-note")).to_be_hidden()
        await form.get_by_label("地址").fill("https://192.0.2.7")
        await expect(form.locator(".mo-note")).to_contain_text("已保存的密钥将被删除")
        await form.get_by_label("名称").click()
        allow = form.get_by_text("允许本机或内网地址")
        if await allow.is_visible():  # documentation addresses count as private
            await allow.click()
        await form.get_by_role("button", name="保存").click()
        await expect(row(page, "搬家")).to_contain_text("无密钥")
    with console.operator() as client:
        stored = client.get(f"/llm/models/{made['id']}").json()["data"]
    assert (stored["base_url"], stored["has_api_key"]) == ("https://192.0.2.7", False)


async def test_a_list_is_compared_and_named_keys_are_lost_only_when_accepted(
    console: ConsoleProcess,
) -> None:
    async with (
        SupplierServer() as supplier,
        chromium() as browser,
        a_page(browser, f"{console.url}/models") as page,
    ):
        supplier.play(listing("kept", "fresh", "voyage-2"))
        made = endpoint(console, "清单", "kept", "gone", base_url=supplier.base_url)
        mapping(console, "needs-gone", "gone")
        await row(page, "清单").click()
        await page.get_by_role("button", name="对比模型清单").click()
        dialog = page.locator(".gb-dialog")
        await expect(dialog).to_contain_text("fresh")
        await expect(dialog).to_contain_text("嵌入模型，不参与路由（1）")
        await expect(dialog).to_contain_text("1 个键将没有模型： needs-gone")
        with console.operator() as client:
            path = f"/llm/models/{made['id']}"
            assert client.get(path).json()["data"]["model_list"] == ["kept", "gone"]
            await dialog.get_by_role("button", name="采用这份清单").click()
            await expect(page.locator(".mo-head")).to_contain_text("1/2 个键有模型")
            assert client.get(path).json()["data"]["model_list"] == ["kept", "fresh"]
            await page.get_by_role("button", name="撤销").click()
            await expect(page.locator(".mo-head")).to_contain_text("2/2 个键有模型")


async def test_deleting_names_what_depends_on_it(console: ConsoleProcess) -> None:
    endpoint(console, "要删", "a")
    mapping(console, "教练", "a")
    async with chromium() as browser, a_page(browser, f"{console.url}/models") as page:
        await row(page, "要删").click()
        await page.locator(".mo-drawer").get_by_role("button", name="删除").click()
        dialog = page.locator(".gb-dialog")
        await expect(dialog).to_contain_text("1 个键将没有模型： 教练")
        await dialog.get_by_role("button", name="取消").click()
        await expect(row(page, "要删")).to_have_count(1)
        await page.locator(".mo-drawer").get_by_role("button", name="删除").click()
        await page.locator(".gb-dialog").get_by_role("button", name="删除").click()
        await expect(row(page, "要删")).to_have_count(0)
        await expect(page.locator(".mo-head")).to_contain_text("1 个悬空")


async def test_a_change_shows_on_every_page_without_a_reload(console: ConsoleProcess) -> None:
    async with (
        chromium() as browser,
        a_page(browser, f"{console.url}/models") as models,
        a_page(browser, f"{console.url}/mapping") as mappings,
    ):
        endpoint(console, "新来的", "shared-model")
        await expect(row(models, "新来的")).to_be_visible()
        mapping(console, "shared", "shared-model")
        await expect(row(mappings, "shared")).to_contain_text("已选路")
        await expect(models.locator(".mo-head")).to_contain_text("2/2 个键有模型")
        await row(models, "新来的").get_by_role("switch").click()
        await models.locator(".gb-dialog").get_by_role("button", name="停用").click()
        await expect(row(mappings, "shared")).to_contain_text("没有模型")
        await expect(models.locator(".mo-head")).to_contain_text("1/2 个键有模型")


async def test_a_refused_switch_falls_back(console: ConsoleProcess) -> None:
    endpoint(console, "开关", "a")
    mapping(console, "k", "a")
    async with chromium() as browser, a_page(browser, f"{console.url}/models") as page:
        switch = row(page, "开关").get_by_role("switch")
        await switch.click()
        await page.locator(".gb-dialog").get_by_role("button", name="取消").click()
        await expect(switch).to_have_attribute("aria-checked", "true")


async def test_the_table_is_searched_and_walked_with_keys(console: ConsoleProcess) -> None:
    for number in range(40):
        endpoint(console, f"provider {number:02}", f"model-{number:02}", f"twin-{number:02}")
    async with chromium() as browser, a_page(browser, f"{console.url}/models") as page:
        await expect(page.locator("tr[data-at]").first).to_be_visible()
        assert await page.locator("tr[data-at]").count() < 41  # only what is in sight is drawn
        search = page.get_by_placeholder("搜索供应商或模型")
        await search.fill("twin-17")
        await expect(page.locator("tr[data-at]")).to_have_count(2)  # the provider and its model
        await expect(page.locator(".bt-count")).to_have_text("1 / 41")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator(".mo-drawer")).to_contain_text("provider 17")
        await search.fill("")
        await page.locator("tr[data-at='0']").focus()
        for key in ("j", "j", "k", "End"):
            await page.keyboard.press(key)
        await expect(page.locator("tr[data-at='40']")).to_be_focused()
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("tr[data-at='41']")).to_be_visible()
        await page.keyboard.press("Home")
        await expect(page.locator("tr[data-at='0']")).to_be_focused()


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
            await page.get_by_role("option", name=model, exact=True).click()
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
