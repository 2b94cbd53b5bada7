"""Matrix page: first paint, change to DOM with ten pages open, frames while scrolling.

One page is a real Chromium, nine are protocol clients that take everything the server sends.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.async_api import Browser, Page

from tests.benchmarks.processes import ROOT, free_port
from tests.benchmarks.protocol_pages import protocol_pages
from tests.benchmarks.report import Report, median, percentile
from tests.support.chromium import chromium
from tests.support.process import plain_environment

PAGES = 10
WATCH_S = 12
PAINT_MS, CHANGE_MS, FRAME_MS = 1000, 150, 34
GRID = "const el = document.querySelector('.gx'); const grid = getElement(+el.id.slice(1));"
OBSERVE = (
    GRID
    + """
  window.seen = [];
  new MutationObserver(() => window.seen.push([+el.dataset.seq, Date.now()]))
    .observe(el, { attributes: true, attributeFilter: ['data-seq'] });
"""
)
PAINTED = """new Promise((done) => {
  const look = () => document.querySelector('.gx-cell')
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(look);
  look();
})"""
SCROLL = """async ([axis, step]) => {
  const el = document.querySelector('.gx'), frames = [];
  let last = performance.now();
  for (let i = 0; i < 90; i++) {
    el[axis] += step;
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames;
}"""
EXPAND = (
    GRID
    + "grid.model.foldOpen = true; for (const row of grid.data.rows) grid.model.open.add(row.key); grid.model.lay(); grid.reset();"
)


@contextmanager
def _server() -> Generator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = plain_environment({"NICEGUI_STORAGE_PATH": folder})
        command = [sys.executable, "-m", "tests.benchmarks.matrix_server", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        url = f"http://127.0.0.1:{port}"
        try:
            _await_answer(url)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _await_answer(url: str) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/sent/0", timeout=2, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the page does not answer")


def run(report: Report) -> None:
    report.section("Matrix page, 100 models x 2 user types x 100 launches, Chromium without a GPU")
    with _server() as url:
        asyncio.run(_measure(report, url))


async def _measure(report: Report, url: str) -> None:
    async with chromium() as browser:
        await _open(browser, url)  # the first page of a browser pays for its own start
        paints = [(await _open(browser, url))[1] for _ in range(3)]
        paint = median(paints)
        report.add("navigation to painted", f"{paint:.0f} ms", goal="< 1 s", ok=paint < PAINT_MS)
    async with chromium() as browser, protocol_pages(url, PAGES - 1):
        await _changes(report, url, (await _open(browser, url))[0])
    async with chromium() as browser:
        page, _ = await _open(browser, url)
        await page.evaluate(EXPAND)
        await page.wait_for_timeout(500)
        await _scrolls(report, page)


async def _open(browser: Browser, url: str) -> tuple[Page, float]:
    context = await browser.new_context(viewport={"width": 1920, "height": 1080})
    page = await context.new_page()
    await page.goto(url, wait_until="commit")
    return page, await page.evaluate(PAINTED)


async def _changes(report: Report, url: str, page: Page) -> None:
    await page.evaluate(OBSERVE)
    await asyncio.sleep(WATCH_S)
    seen: list[tuple[int, float]] = await page.evaluate("window.seen")
    number = await page.evaluate("window.pageNumber")
    async with httpx.AsyncClient(trust_env=False) as client:
        sent: dict[str, float] = (await client.get(f"{url}/sent/{number}")).json()
    waits = [at - sent[str(patch)] for patch, at in seen if str(patch) in sent]
    p95 = percentile(waits, 0.95)
    report.add("changes seen with ten pages open", f"{len(waits)}")
    report.add("change to DOM, median", f"{median(waits):.0f} ms")
    report.add("change to DOM, p95", f"{p95:.0f} ms", goal="< 150 ms", ok=p95 < CHANGE_MS)


async def _scrolls(report: Report, page: Page) -> None:
    for name, axis, step in (("down", "scrollTop", 40), ("sideways", "scrollLeft", -20)):
        frames: list[Any] = await page.evaluate(SCROLL, [axis, step])
        p95 = percentile(frames, 0.95)
        report.add(
            f"frame while scrolling {name}, all rows open, median", f"{median(frames):.0f} ms"
        )
        report.add(
            f"frame while scrolling {name}, all rows open, p95",
            f"{p95:.0f} ms",
            goal=f"<= {FRAME_MS} ms",
            ok=p95 <= FRAME_MS,
        )
