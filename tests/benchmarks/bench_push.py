"""Push: a change of a run to the changed DOM with 20 pages open, its cost, and the list of a million.

One page is a real Chromium, 19 are protocol clients. 50 runs end in the same moment: from the
moment the store has the change and tells of it, to the moment the row in the browser shows it.
BENCH_RUNS chooses another size of the list.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page

from tests.benchmarks.processes import free_port
from tests.benchmarks.protocol_pages import protocol_pages
from tests.benchmarks.report import Report, median, percentile
from tests.support.chromium import chromium
from tests.support.drill_process import DrillProcess

PAGES, RUNS, ROUNDS = 20, 50, 12
P95_MS, P99_MS, SEED_MS, LIST_MS = 50, 120, 500, 200
MILLION = 1_000_000
KINDS = ("e2e", "probe", "workflow", "agent_test", "drill")
# Every state a row of the list takes, with the wall time at which the DOM had it.
WATCH = """() => {
  window.seen = {};
  const note = (row) => { if (row.dataset?.key) window.seen[row.dataset.key + " " + row.dataset.state] ??= performance.timeOrigin + performance.now(); };
  new MutationObserver((changes) => {
    for (const change of changes) { note(change.target); change.addedNodes.forEach(note); }
  }).observe(document.querySelector(".ex-body"), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
}"""
DRAWN = """() => [...document.querySelectorAll(".ex-body .ex-row[data-state=running]")].map((row) => row.dataset.key)"""
SHOWN = "keys => keys.every((key) => key + ' succeeded' in window.seen)"
# Scroll to the end of what is loaded until the list is longer, five times.
OLDER = """async () => {
  const body = document.querySelector(".ex-body"), times = [];
  const height = () => document.querySelector(".ex-space").offsetHeight;
  for (let i = 0; i < 5; i++) {
    await new Promise((done) => setTimeout(done, 300));
    const before = height(), begin = performance.now();
    body.scrollTop = body.scrollHeight;
    while (height() === before && performance.now() - begin < 5000) await new Promise((done) => setTimeout(done, 1));
    await new Promise((done) => requestAnimationFrame(done));
    times.push(performance.now() - begin);
  }
  return times;
}"""
CHOSEN = """async (label) => {
  const button = [...document.querySelectorAll(".ex-bar [role=radio]")].find((b) => b.textContent.trim() === label);
  const first = () => document.querySelector(".ex-body .ex-row")?.dataset.key;
  const list = getElement(+document.querySelector(".ex-list").id.slice(1));
  const before = list.page.no, begin = performance.now();
  button.click();
  while ((list.page.no === before || !first()) && performance.now() - begin < 5000) await new Promise((done) => setTimeout(done, 1));
  await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - begin;
}"""
VISIT = """async () => {
  const begin = performance.now();
  document.querySelector('.gb-rail__item[href="/executions"]').click();
  while (!document.querySelector(".ex-body .ex-row") && performance.now() - begin < 5000) await new Promise((done) => setTimeout(done, 1));
  await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - begin;
}"""
_FILL = """
INSERT INTO executions (execution_id, execution_type, label, subject, status, "trigger", started_by, seq,
    error_kind, error_message, done, total, boot_id, created_at, started_at, updated_at, finished_at,
    output_size, meta, test_input, test_output)
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
SELECT printf('exe_b%017d', i),
    CASE i % 5 WHEN 0 THEN 'e2e' WHEN 1 THEN 'probe' WHEN 2 THEN 'workflow' WHEN 3 THEN 'agent_test' ELSE 'drill' END,
    'Drill', printf('subject %d', i % 997),
    CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 97 = 0 THEN 'cancelled' ELSE 'succeeded' END,
    'schedule', '', i, '', iif(i % 50 = 0, 'HTTP 503', ''), 40, 40, 'boot_x', t, t, t, t, 0, '{}', '', ''
FROM (SELECT i, datetime('2020-01-01', printf('+%d seconds', i * 200)) || '.000000' AS t FROM n)
"""


def run(report: Report) -> None:
    """Measure both, each with a console of its own."""
    with tempfile.TemporaryDirectory(prefix="push-") as folder:
        server = _start(Path(folder) / "push")
        try:
            asyncio.run(_push(report, server))
        finally:
            server.stop()
        _list(report, Path(folder) / "list")


def _start(data_dir: Path) -> DrillProcess:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    server = DrillProcess(data_dir, free_port())
    server.start()
    return server


# -- push


async def _push(report: Report, server: DrillProcess) -> None:
    report.section(f"push: {RUNS} runs change at once, {PAGES} pages of the list are open")
    server.settings(max_executions=RUNS + 10)
    alone_ms = await asyncio.to_thread(_cpu_of_rounds, server)
    async with chromium() as browser, protocol_pages(f"{server.url}/executions", PAGES - 1):
        page = await _list_page(browser, f"{server.url}/executions")
        await page.evaluate(WATCH)
        before_ms = _cpu_ms(server)
        waits, whole = await _rounds(server, page)
        spent_ms = (_cpu_ms(server) - before_ms) / ROUNDS
    _report_waits(report, waits, whole)
    cost_ms = max(0.0, spent_ms - alone_ms)
    changes = RUNS * 3  # created, running, ended
    report.add("server CPU of a round without pages", f"{alone_ms:.0f} ms")
    report.add("server CPU of a round with pages", f"{spent_ms:.0f} ms")
    report.add("server CPU for a page and round", f"{cost_ms / PAGES:.2f} ms")
    report.add("server CPU for an update and page", f"{1000 * cost_ms / PAGES / changes:.0f} us")


async def _rounds(server: DrillProcess, page: Page) -> tuple[list[float], list[float]]:
    waits: list[float] = []
    whole: list[float] = []
    for _ in range(ROUNDS):
        await asyncio.to_thread(_begin, server)
        drawn: list[str] = await page.evaluate(DRAWN)  # rows in sight and some around them
        assert drawn, "no run was shown"
        answer = await asyncio.to_thread(_end_together, server)
        await page.wait_for_function(SHOWN, arg=drawn, timeout=20_000)
        seen: dict[str, float] = await page.evaluate("window.seen")
        shown = {key: seen[f"{key} succeeded"] for key in drawn}
        waits += [at - answer["told"][key] for key, at in shown.items()]
        whole += [at - answer["called"] for at in shown.values()]
        await asyncio.sleep(0.6)
    return waits, whole


def _begin(server: DrillProcess) -> None:
    server.drill(kind="gate", count=RUNS)
    time.sleep(1.0)  # the browser has drawn them and is at rest


def _end_together(server: DrillProcess) -> dict[str, Any]:
    """Let them all end in one moment; give when each end was told."""
    answer = httpx.post(f"{server.url}/drill/together", json={}, timeout=60, trust_env=False)
    return answer.json()


def _one_round(server: DrillProcess) -> None:
    _begin(server)
    _end_together(server)


def _cpu_of_rounds(server: DrillProcess) -> float:
    _one_round(server)
    before = _cpu_ms(server)
    for _ in range(3):
        _one_round(server)
        time.sleep(0.6)
    return (_cpu_ms(server) - before) / 3


def _cpu_ms(server: DrillProcess) -> float:
    assert server.process is not None
    parts = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return 1000 * (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _report_waits(report: Report, waits: list[float], whole: list[float]) -> None:
    p95, p99 = percentile(waits, 0.95), percentile(waits, 0.99)
    report.add("changes seen in the browser", f"{len(waits)}")
    report.add("change to DOM, median", f"{median(waits):.0f} ms")
    report.add("change to DOM, p95", f"{p95:.0f} ms", goal=f"< {P95_MS} ms", ok=p95 < P95_MS)
    report.add("change to DOM, p99", f"{p99:.0f} ms", goal=f"< {P99_MS} ms", ok=p99 < P99_MS)
    worst = max(whole)
    report.add(
        "work ends to DOM, with the store between, worst",
        f"{worst:.0f} ms",
        goal=f"< {SEED_MS} ms",
        ok=worst < SEED_MS,
    )


# -- the list


def _list(report: Report, data_dir: Path) -> None:
    count = int(os.environ.get("BENCH_RUNS", MILLION))
    report.section(f"list of executions in the browser, {count:,} rows stored")
    server = _start(data_dir)
    server.stop()
    _fill(data_dir / "gymbro.sqlite3", count)
    server.start()
    try:
        asyncio.run(_pages(report, server, count))
    finally:
        server.stop()


def _fill(path: Path, count: int) -> None:
    with sqlite3.connect(path) as store:
        for first in range(1, count + 1, 100_000):
            store.execute(_FILL, {"first": first, "last": min(count, first + 99_999)})
    store.close()


async def _pages(report: Report, server: DrillProcess, count: int) -> None:
    async with chromium() as browser:
        page = await _list_page(browser, f"{server.url}/executions")
        visits: list[float] = []
        for _ in range(3):
            await page.locator('.gb-rail__item[href="/settings"]').click()
            await page.wait_for_selector(".gb-settings")
            visits.append(await page.evaluate(VISIT))
        _add(report, "the list opened from another page", visits)
        _add(report, "older pages while scrolling", await page.evaluate(OLDER))
        middle = f"to={_moment(count // 2)}"
        for name, query in (
            ("older pages from the middle of the past", middle),
            ("older pages of failed ones, from the middle", f"status=failed&{middle}"),
            (
                "older pages of two kinds and two states",
                "kind=e2e&kind=probe&status=failed&status=cancelled",
            ),
        ):
            await page.goto(f"{server.url}/executions?{query}")
            await page.wait_for_selector(".ex-body .ex-row")
            _add(report, name, await page.evaluate(OLDER))
        await page.goto(f"{server.url}/executions?status=failed")
        await page.wait_for_selector(".ex-body .ex-row")
        labels = ["From – to", "All time"] * 3
        _add(
            report,
            "another filter chosen",
            [await page.evaluate(CHOSEN, label) for label in labels],
        )


def _add(report: Report, name: str, times: list[float]) -> None:
    worst = max(times)
    text = f"{median(times):.0f} / {worst:.0f} ms"
    report.add(f"{name}, median / worst", text, goal=f"< {LIST_MS} ms", ok=worst < LIST_MS)


def _moment(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_577_836_800 + number * 200))


async def _list_page(browser: Browser, url: str, *, height: int = 800) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": height}, locale="en-GB")
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_selector(".gb-conn[data-state=live]")
    await page.wait_for_selector(".ex-body .ex-row, .ex-list .gb-empty")
    return page
