"""The log in a real browser under 1,000 lines a second: it can be used, and nothing is lost."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.conftest import find_free_port
from tests.support.chromium import a_page, chromium
from tests.support.process import ROOT, ConsoleProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("logs page")]
RATE, SECONDS = 1_000, 6
PROGRAM = (str(ROOT / "tests" / "support" / "flooding.py"),)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path / "data", find_free_port(), program=PROGRAM)
    found.start()
    yield found
    found.stop()


def cpu_s(console: ConsoleProcess) -> float:
    assert console.process is not None
    fields = Path(f"/proc/{console.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written(console: ConsoleProcess) -> list[str]:
    lines = (console.data_dir / "logs" / "console.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return [text for text in texts if "of the flood" in text]


async def reads(page: Page) -> None:
    """The error is still there, opens and closes by keys, and none of its text is code."""
    error = page.locator('.lo-line[data-group="error"]')
    await error.locator(".lo-main").focus()
    await page.keyboard.press("Enter")
    await expect(error.locator("pre")).to_contain_text("Traceback")
    await expect(error.locator("pre")).to_contain_text("<img src=x")
    assert "taken" not in await page.title()
    await page.keyboard.press("Enter")
    await expect(error.locator("pre")).to_have_count(0)
    await page.keyboard.press("Home")
    await expect(page.locator(".lo-line").first.locator(".lo-main")).to_be_focused()


async def saved_lines(page: Page) -> int:
    """How many lines of the flood the filtered download has."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name="下载").click()
        await page.get_by_text("符合条件的日志（文本）").click()
    content = await asyncio.to_thread((await (await download.value).path()).read_text)
    return content.count(" of the flood\n")


async def test_a_flood_of_lines_leaves_the_page_usable_and_the_file_whole(
    console: ConsoleProcess,
) -> None:
    address = f"{console.url}/logs?level=INFO"
    async with chromium() as browser, a_page(browser, address) as page:
        lines, pause = page.locator(".lo-line"), page.locator(".lo-pause")
        await expect(lines.first).to_be_visible()
        before = cpu_s(console)
        (console.data_dir / "flood.json").write_text(json.dumps([RATE, SECONDS]))
        await expect(page.locator(".lo-text", has_text="of the flood").first).to_be_visible()
        await page.wait_for_timeout(2_000)
        begun = time.monotonic()
        await pause.click()
        await expect(pause).to_have_attribute("aria-pressed", "true")
        assert time.monotonic() - begun < 10  # on a machine shared with a browser without a GPU
        top = await page.locator(".lo-text").first.inner_text()
        await expect(page.locator(".lo-state")).to_contain_text("已暂停")
        await page.wait_for_timeout(1_500)
        assert await page.locator(".lo-text").first.inner_text() == top  # nothing moves
        assert await lines.count() <= 1_200
        await expect(page.locator('.lo-line[data-group="error"]')).to_have_count(1)
        await page.wait_for_timeout(SECONDS * 500)
        spent = cpu_s(console) - before
        assert spent < SECONDS * 0.8, f"{spent:.1f} s of CPU in about {SECONDS} s"

        await pause.click()
        await expect(page.locator(".lo-text").first).to_contain_text("after the flood")
        await reads(page)
        await page.locator(".lo-older").click()  # back in the files, past what was let go
        await expect(pause).to_have_attribute("aria-pressed", "true")
        assert await saved_lines(page) == RATE * SECONDS
    assert written(console) == [f"line {n} of the flood" for n in range(RATE * SECONDS)]
