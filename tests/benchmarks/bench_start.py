"""Start: from the command to an answer, to the first page, and the memory then; beside bare NiceGUI.

Every value is the median of five starts over a data folder that exists, with compiled bytecode.
The first page counts as interactive once its parts are drawn and its connection is open.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from tests.benchmarks.processes import ROOT, TOOL_CORE, free_port, running
from tests.benchmarks.report import Report, median
from tests.support.chromium import chromium

STARTS = 5
HEALTHZ_S, PAGE_S, RSS_MB = 1.5, 1.5, 150
INTERACTIVE = "selector => window.socket?.connected && document.querySelector(selector)"
BARE = """
import sys
from nicegui import ui
@ui.page("/")
def page(): ui.label("bare").classes("bare")
ui.run(host="127.0.0.1", port=int(sys.argv[1]), show=False, reload=False)
"""


@dataclass(frozen=True)
class Start:
    """One start, measured."""

    answer_s: float
    page_s: float
    rss_mb: float


def run(report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = asyncio.run(_measure(Path(folder)))
    report.section(f"start, median of {STARTS} second starts")
    _row(
        report,
        "command to healthz",
        [s.answer_s for s in ours],
        [s.answer_s for s in bare],
        HEALTHZ_S,
        "s",
    )
    _row(
        report,
        "first page interactive",
        [s.page_s for s in ours],
        [s.page_s for s in bare],
        PAGE_S,
        "s",
    )
    _row(
        report,
        "RSS after the first page",
        [s.rss_mb for s in ours],
        [s.rss_mb for s in bare],
        RSS_MB,
        "MB",
    )


def _row(
    report: Report, name: str, ours: Sequence[float], bare: Sequence[float], goal: float, unit: str
) -> None:
    mine, theirs = median(ours), median(bare)
    digits = 0 if unit == "MB" else 2
    report.add(name, f"{mine:.{digits}f} {unit}", goal=f"{goal:g} {unit}", ok=mine <= goal)
    report.add(f"{name}, bare NiceGUI page", f"{theirs:.{digits}f} {unit}")
    report.add(f"{name}, ratio", f"{mine / theirs:.2f}")


async def _measure(folder: Path) -> tuple[list[Start], list[Start]]:
    program = folder / "bare.py"
    program.write_text(BARE)
    ours: list[Start] = []
    bare: list[Start] = []
    async with chromium() as browser:
        for _ in range(STARTS + 1):  # the first one makes data folder and bytecode
            port = free_port()
            command = [sys.executable, str(ROOT / "main.py"), "run", "--no-browser"]
            command += ["--port", str(port), "--data-dir", str(folder / "data")]
            ours.append(await _start(browser, command, port, "/api/v1/healthz", ".gb-top"))
            port = free_port()
            bare.append(
                await _start(browser, [sys.executable, str(program), str(port)], port, "/", ".bare")
            )
    return ours[1:], bare[1:]


async def _start(
    browser: Browser, command: Sequence[str], port: int, health: str, selector: str
) -> Start:
    base, begin = f"http://127.0.0.1:{port}", time.perf_counter()
    environment = {"PYTHONDONTWRITEBYTECODE": ""}
    with running(command, core=TOOL_CORE, url=base + health, env=environment) as pid:
        answer_s = time.perf_counter() - begin
        context = await browser.new_context()
        page = await context.new_page()
        begin = time.perf_counter()
        await page.goto(base, wait_until="commit")
        await page.wait_for_function(INTERACTIVE, arg=selector, timeout=30_000)
        page_s = time.perf_counter() - begin
        rss_mb = _rss_mb(pid)
        await context.close()
    return Start(answer_s, page_s, rss_mb)


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
