"""Models, providers and mapping in a real Chromium over the program itself."""

import re

import pytest
from playwright.async_api import expect

from tests.support.catalogue_pages import KEY, endpoint, field, listing, mapping, row
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess
from tests.support.supplier_server import SupplierServer, answer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("catalogue")]


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
        refuses.play(answer(401, {"error": {"message": "bad key"}}))
        bare_one.play(answer(404, {}))
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
        await expect(form).to_contain_text("192.0.2.7 解析为 192.0.2.7")
        leave = form.get_by_role("switch", name="允许本机或内网地址")
        await expect(leave).to_be_checked()  # given with the address before; 192.0.2.7 needs it
        await leave.click()
        await form.get_by_role("button", name="保存").click()
        await expect(form).to_contain_text("确认无误请在下方允许")
        await leave.click()
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
        await page.evaluate("document.documentElement.dataset.keys = 'off'")
        for key in ("j", "ArrowDown"):  # a letter does nothing once letters are switched off
            await page.keyboard.press(key)
        await expect(page.locator("tr[data-at='1']")).to_be_focused()
