"""Prompts in a real browser: edit, difference, save, try, activate, roll back, also from a red cell."""

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("prompts page")]
RUN_MS = 60_000
GOOD, BAD = "demo-fast", "demo-bad-structure"


@pytest.fixture
def console(tmp_path: Path) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path / "data", find_free_port())
    found.start()
    yield found
    found.stop()


def ask(console: ConsoleProcess, method: str, path: str, **more: Any) -> Any:
    """The data of a route's answer."""
    with console.operator() as client:
        answer = client.request(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json().get("data", answer.json())


def map_key(console: ConsoleProcess, model: str, key: str = "coach") -> None:
    """Map a key to a model of the demo supplier."""
    body = {
        "scope_type": "mapping", "scope_key": key, "name": key, "default_model": model,
        "candidates": [model], "is_active": True,
    }  # fmt: skip
    ask(console, "POST", "/llm/model-groups", json=body)


def run_e2e(console: ConsoleProcess) -> None:
    """Ask `coach` anonymously and wait for the end."""
    body = {"user_types": ["anonymous"], "models": ["coach"]}
    launch = ask(console, "POST", "/stats/e2e-mapped-model-runs", json=body)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if ask(console, "GET", f"/stats/e2e-launches/{launch['launch_id']}")["status"] != "running":
            return
        time.sleep(0.2)
    raise AssertionError("the run did not end")


def recorded(console: ConsoleProcess) -> list[tuple[str, dict[str, Any]]]:
    """State and prompt block of each cell, oldest first."""
    with sqlite3.connect(console.data_dir / "gymbro.sqlite3") as store:
        query = "SELECT status_code, details_json FROM e2e_mapped_model_results ORDER BY id"
        return [(row[0], json.loads(row[1])["prompt"]) for row in store.execute(query)]


async def test_a_prompt_from_edit_to_roll_back(console: ConsoleProcess) -> None:
    map_key(console, GOOD)
    map_key(console, BAD, "bad")
    first = ask(console, "GET", "/llm/prompts/1")["content"]
    async with chromium() as browser, a_page(browser, f"{console.url}/prompts?id=1") as page:
        await _save(page, first.replace("GymBro", "GymBro Pro", 1))
        assert ask(console, "GET", "/llm/prompts/1")["content"] == first  # saved is not live
        await _try_out(page)
        await _activate_anyway(page)
        live = ask(console, "GET", "/llm/prompts/1")
        assert (live["live_version_no"], "GymBro Pro" in live["content"]) == (2, True)
        await _roll_back(page)
    live = ask(console, "GET", "/llm/prompts/1")
    assert (live["live_version_no"], live["content"]) == (3, first)
    newest = ask(console, "GET", "/llm/prompts/1/versions")[0]
    assert (newest["restored_from"], newest["message"]) == (1, "不需要")


async def _save(page: Page, text: str) -> None:
    """Edit, see the difference, say why, save."""
    await page.get_by_role("button", name="编辑", exact=True).click()
    await page.get_by_label("文本", exact=True).fill(text)
    await expect(page.get_by_text("未保存的更改")).to_be_visible()
    await page.get_by_role("button", name="查看更改").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("ins")).to_have_text(re.compile("Pro"))
    await expect(dialog.locator("del")).to_have_count(0)
    await dialog.get_by_label("改了什么，为什么").fill("说明产品名")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.locator(".pr-item[data-line=true]").first).to_contain_text("说明产品名")


async def _activate_anyway(page: Page) -> None:
    """The trial's result stands beside the difference before the version goes live."""
    await page.get_by_role("button", name="仍要生效").last.click()
    await expect(page.get_by_text("试用结果：2 个模型中 1 个通过")).to_be_visible()
    await page.get_by_role("button", name="仍要生效").last.click()
    await expect(page.get_by_text("v2 已生效")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def _roll_back(page: Page) -> None:
    """An old version comes back as a new one, the difference first."""
    await page.locator(".pr-item[data-line=true]").last.click()
    await page.get_by_role("button", name="回滚到 v1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("del")).to_have_text(re.compile("Pro"))
    await dialog.get_by_label("改了什么，为什么").fill("不需要")
    await dialog.get_by_role("button", name="回滚").click()
    await expect(page.locator(".pr-item[data-line=true]").first).to_contain_text("恢复自 v1")


async def _try_out(page: Page) -> None:
    """Two models answer side by side, and each is judged."""
    await page.get_by_role("button", name="试用", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("global", exact=True).click()  # only coach and bad stay chosen
    await dialog.get_by_role("button", name="试用 · 2").click()
    await expect(dialog.locator(".pr-try")).to_have_count(2)
    await expect(dialog.get_by_text("2 个模型中 1 个通过")).to_be_visible(timeout=RUN_MS)
    await expect(dialog.locator(".pr-try", has_text="coach")).to_contain_text("正常")
    await expect(dialog.locator(".pr-try", has_text="bad")).to_contain_text("结构错误")
    await expect(dialog.locator(".pr-try__text").first).to_contain_text("<final>")


async def test_a_red_cell_offers_the_way_back_and_the_next_run_is_good(
    console: ConsoleProcess,
) -> None:
    map_key(console, GOOD)
    run_e2e(console)
    first = ask(console, "GET", "/llm/prompts/1")["content"]
    ask(console, "PUT", "/llm/prompts/1", json={"content": "Say anything.", "is_active": True})
    map_key(console, BAD)
    run_e2e(console)
    async with chromium() as browser, a_page(browser, f"{console.url}/e2e") as page:
        await _prompt_back(page)
        await _mapping_back(page)
    live = ask(console, "GET", "/llm/prompts/1")
    assert (live["live_version_no"], live["content"]) == (3, first)
    run_e2e(console)
    cells = recorded(console)
    assert [block["system_version_no"] for _, block in cells] == [1, 2, 3]
    texts = (first, "Say anything.", first)
    expected = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert [block["system_sha256"] for _, block in cells] == expected
    states = [state for state, _ in cells]
    assert states[0] == states[2] != states[1]


async def _open_red(page: Page) -> Locator:
    name = re.compile("coach.*结构错误|结构错误.*coach")
    await page.get_by_role("gridcell", name=name).last.click()
    return page.get_by_role("dialog", name="单次结果")


async def _prompt_back(page: Page) -> None:
    """The drawer shows the difference; afterwards a mark stands in the matrix."""
    drawer = await _open_red(page)
    marks = await page.locator(".gx-mark").count()
    await drawer.get_by_role("button", name="提示词回滚到 v1").click()
    dialog = page.locator(".gb-dialog")
    await expect(dialog.locator("del")).to_have_text("Say anything.")
    await dialog.get_by_role("button", name="回滚").click()
    await expect(page.get_by_text("已新建 v3，恢复自 v1")).to_be_visible()
    await expect(page.locator(".gx-mark")).not_to_have_count(marks)


async def _mapping_back(page: Page) -> None:
    """The mapping's first choice comes back the same way."""
    drawer = await _open_red(page)
    await drawer.get_by_role("button", name=f"恢复为 {GOOD}").click()
    dialog = page.locator(".gb-dialog")
    await expect(dialog.locator("del")).to_have_text(BAD)
    await dialog.get_by_role("button", name="回滚").click()
    await expect(page.get_by_text(f"coach 已恢复使用 {GOOD}")).to_be_visible()
