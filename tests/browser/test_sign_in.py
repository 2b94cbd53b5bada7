"""W5, W16, W20: the sign-in in a real Chromium, by keys alone, and what the policy blocks."""

from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from gymbro_ui.site_map import DETAILS, PAGES
from tests.conftest import find_free_port
from tests.support.access import ENVIRONMENT, PASSWORD
from tests.support.chromium import chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("sign-in")]
PATHS = tuple(page.path for page in (*PAGES, *DETAILS) if "{" not in page.path)
WIDE = "() => { const page = document.querySelector('.gb-page'); return page.scrollWidth - page.clientWidth; }"
WATCH = """
  window.broken = [];
  document.addEventListener("securitypolicyviolation",
    (event) => window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
BEACON = """async () => {
  const image = new Image();
  image.src = "http://127.0.0.1:9/beacon.png";
  const script = document.createElement("script");
  script.textContent = "window.injected = true";
  document.body.append(image, script);
  await new Promise((done) => setTimeout(done, 200));
  return [window.injected === true, window.broken.map((one) => one.split(" ")[0]).sort()];
}"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console that asks this machine too."""
    environment = {"TRUSTED_PROXIES": "127.0.0.1", **ENVIRONMENT}
    folder = tmp_path_factory.mktemp("sign-in") / "data"
    console = ConsoleProcess(folder, find_free_port(), environment=environment).start()
    with console.operator() as client:
        body = {"password": "viewers password", "role": "read_only"}
        client.put("/access/accounts/viewer", json=body).raise_for_status()
    yield console
    assert console.stop() == 0


async def live(page: Page) -> None:
    await expect(page.locator(".gb-conn")).to_have_attribute("data-state", "live", timeout=15_000)


async def type_in(page: Page, name: str, password: str) -> None:
    # Chromium gives the focus with the first frame, which a busy machine draws late.
    await expect(page.locator("input[name=account]")).to_be_focused()
    await page.keyboard.type(name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")


async def come_in(page: Page, url: str, name: str, password: str) -> None:
    """By keys alone: the account has the cursor, Tab leads to the password, Enter sends."""
    await page.goto(url)
    await page.wait_for_url("**/login?next=*")
    await type_in(page, name, password)
    await page.wait_for_url(url)
    await live(page)


async def opened(context: BrowserContext) -> Page:
    await context.add_init_script(WATCH)
    return await context.new_page()


async def test_w5_w16_w20_one_signs_in_by_keys_sees_every_page_at_320_px_and_signs_out_everywhere(
    guarded: ConsoleProcess,
) -> None:
    async with chromium() as browser:
        context = await browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
        page = await opened(context)
        await page.goto(guarded.url + "/login?next=%2Fe2e")
        await type_in(page, "operator", "not it at all")
        await expect(page.get_by_role("alert")).to_have_text("账号或密码不对")
        await expect(page.get_by_label("密码")).to_be_focused()
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(guarded.url + "/e2e")
        await live(page)
        # As wide as a phone, or as 1280 px at 400 %: nothing has to be pushed aside to be read.
        await page.set_viewport_size({"width": 320, "height": 700})
        wide: dict[str, int] = {}
        for path in PATHS:
            await page.goto(guarded.url + path)
            await live(page)
            assert await page.evaluate("window.broken") == [], path
            wide[path] = int(await page.evaluate(WIDE))
        assert {path: over for path, over in wide.items() if over > 0} == {}
        await page.set_viewport_size({"width": 1280, "height": 800})
        assert await page.evaluate(BEACON) == [False, ["img-src", "script-src-elem"]]
        other = await context.new_page()
        await other.goto(guarded.url + "/executions")
        await live(other)
        await page.get_by_role("button", name="已登录：operator").click()
        await page.get_by_text("退出登录", exact=True).click()
        for one in (page, other):
            await one.wait_for_url("**/login?next=*")
        await context.close()


async def test_who_only_reads_finds_acts_switched_off_and_the_server_refusing(
    guarded: ConsoleProcess,
) -> None:
    async with chromium() as browser:
        context = await browser.new_context(locale="zh-CN", viewport={"width": 320, "height": 700})
        page = await opened(context)
        await page.goto(guarded.url)
        await expect(page.get_by_role("button", name="登录")).to_be_in_viewport()
        await page.set_viewport_size({"width": 1280, "height": 800})
        await come_in(page, guarded.url + "/settings", "viewer", "viewers password")
        run = page.locator(".gb-run .q-btn").first
        await expect(run).to_be_disabled()
        await expect(run).to_have_attribute("title", "你的账号只读，请操作员来做")
        for section in ("executions", "pace", "logs", "retention", "backup"):
            await expect(page.locator(f"#{section} input").first).to_be_disabled()
        # Whoever gets round a switched-off button is refused all the same.
        field = page.locator("#schedule textarea").first
        before = await field.input_value()
        await field.fill("77")
        await page.locator("#schedule form").evaluate("form => form.requestSubmit()")
        await expect(page.locator(".gb-toast")).to_contain_text("只读")
        await page.reload()
        await live(page)
        await expect(page.locator("#schedule textarea").first).to_have_value(before)
        await context.close()
