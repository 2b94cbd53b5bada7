"""The console while a load test runs: 1000 users against another server, 200 and 1000 against its own.

Nothing is pinned: console, worker, mock and watchers share the machine as they would. Pushes are
measured from the time in each message of the socket of executions to its arrival.
"""

import asyncio
import json
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tests.benchmarks import peers
from tests.benchmarks.console_process import RunningConsole, console_process
from tests.benchmarks.processes import EVERY_CORE, cpu_seconds, shared_memory_mb
from tests.benchmarks.report import Report, median, percentile
from tests.support.upstream import FakeUpstream

PAGES = ("/executions", "/simulator/load", "/models")
SECONDS = 12
_OPEN = ("pending", "running")


def run(report: Report) -> None:
    """Measure and add the sections."""
    with (
        tempfile.TemporaryDirectory() as folder,
        peers.mock_supplier(
            Path(folder), core=EVERY_CORE, tokens=64, gap_ms=20, first_ms=200
        ) as mock,
        console_process(Path(folder), core=EVERY_CORE) as console,
    ):
        asyncio.run(_all(report, console, mock))


async def _all(report: Report, console: RunningConsole, mock: str) -> None:
    watch = Watch(console)
    async with FakeUpstream() as signing:
        target = {
            "api_base": f"{mock}/api/v1", "auth_url": signing.auth_url,
            "anon_key": signing.auth.anon_key, "service_key": signing.auth.service_key,
        }  # fmt: skip
        report.section("load A6: the console at rest")
        await watch.during(lambda: asyncio.sleep(4))
        watch.tell(report)
        report.section("load A6: the console while 1000 users talk to another server")
        plan = {"users": 1_000, "cap": 1_000, "seconds": SECONDS, "ramp_s": 2, "target": target,
                "model": "mock", "sign_ins": 10}  # fmt: skip
        found = await watch.during(lambda: _load(console, plan))
        _tell_run(report, found, watch)
        watch.tell(report, push_ms=100, page_ms=500)
        report.section("load: cancel of 1000 users")
        took_s = await _cancel(console, {**plan, "seconds": 60})
        report.add("from the cancel to its end", f"{took_s:.2f} s", goal="< 2 s", ok=took_s < 2)
    console.map_model("deepseek-bench", mock, "mock", "sk-mock-0123456789")
    for users, push_ms in ((200, 500), (1_000, 0)):
        report.section(f"load: the console while {users} users talk to its own gateway")
        own = {"users": users, "cap": users, "requests": 2 * users, "ramp_s": 3,
               "model": "deepseek-bench", "timeout_s": 120}  # fmt: skip
        found = await watch.during(lambda own=own: _load(console, own))
        _tell_run(report, found, watch)
        watch.tell(report, push_ms=push_ms, page_ms=push_ms)


class Watch:
    """What somebody sees who works with the console meanwhile."""

    def __init__(self, console: RunningConsole) -> None:
        self._console = console
        self._headers = {"Authorization": f"Bearer {console.operator_token}"}
        self.pushes_ms: list[float] = []
        self.beats_ms: list[float] = []
        self.pages_ms: list[float] = []
        self.memory = 0.0
        self.cpu = 0.0

    async def during(self, work: Callable[[], Awaitable[Any]]) -> Any:
        self.pushes_ms, self.beats_ms, self.pages_ms, self.memory = [], [], [], 0.0
        cpu, began = cpu_seconds(self._console.pid), time.monotonic()
        watchers = [asyncio.ensure_future(w()) for w in (self._push, self._beat, self._page)]
        try:
            return await work()
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            self.cpu = (cpu_seconds(self._console.pid) - cpu) / (time.monotonic() - began)

    def tell(self, report: Report, *, push_ms: float = 0, page_ms: float = 0) -> None:
        for name, values, limit in (
            ("push of an execution to a client", self.pushes_ms, push_ms),
            ("answer of /healthz every 50 ms", self.beats_ms, push_ms),
            ("answer of a page", self.pages_ms, page_ms),
        ):
            if values:
                p95 = percentile(values, 0.95)
                text = f"{median(values):.0f} / {p95:.0f} / {max(values):.0f} ms"
                goal = f"p95 < {limit:g} ms" if limit else ""
                report.add(f"{name}, p50 / p95 / max", text, goal=goal,
                           ok=p95 < limit if limit else None)  # fmt: skip
        report.add("cores used by console and worker", f"{self.cpu:.2f}")

    async def _push(self) -> None:
        url = self._console.base_url.replace("http", "ws") + "/api/v1/ws/executions"
        async with connect(url, additional_headers=self._headers, proxy=None) as socket:
            async for text in socket:
                self._take_push(str(text))

    def _take_push(self, text: str) -> None:
        told = json.loads(text) if text.startswith("{") else {}
        changed = told.get("execution") or told.get("data") or told
        at = changed.get("updated_at") if isinstance(changed, dict) else None
        if isinstance(at, str) and changed.get("status") == "running":
            sent = datetime.fromisoformat(at)
            self.pushes_ms.append(1000 * (datetime.now(sent.tzinfo) - sent).total_seconds())

    async def _beat(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            while True:  # ends with the work
                self.beats_ms.append(await self._timed(client, "/api/v1/healthz"))
                await asyncio.sleep(0.05)

    async def _page(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30, headers=self._headers) as client:
            while True:  # ends with the work
                for page in PAGES:
                    self.pages_ms.append(await self._timed(client, page))
                    self.memory = max(self.memory, shared_memory_mb(self._console.pid))
                    await asyncio.sleep(0.3)

    async def _timed(self, client: httpx.AsyncClient, path: str) -> float:
        began = time.perf_counter()
        (await client.get(self._console.base_url + path)).raise_for_status()
        return 1000 * (time.perf_counter() - began)


def _call(console: RunningConsole, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{console.base_url}/api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {console.operator_token}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


async def _load(console: RunningConsole, plan: dict[str, Any]) -> dict[str, Any]:
    started = await asyncio.to_thread(_call, console, "POST", "/llm/tests/load", plan)
    return await _ended(console, started["run_id"])


async def _ended(console: RunningConsole, run_id: str) -> dict[str, Any]:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        answer = await asyncio.to_thread(_call, console, "GET", f"/llm/tests/runs/{run_id}")
        if answer["data"]["status"] not in _OPEN:
            return answer["data"]
        await asyncio.sleep(0.25)
    raise RuntimeError(f"{run_id} did not end")


async def _cancel(console: RunningConsole, plan: dict[str, Any]) -> float:
    started = await asyncio.to_thread(_call, console, "POST", "/llm/tests/load", plan)
    run_id = started["run_id"]
    await asyncio.sleep(5)
    began = time.monotonic()
    await asyncio.to_thread(_call, console, "POST", f"/llm/tests/runs/{run_id}/cancel")
    while time.monotonic() - began < 20:
        answer = await asyncio.to_thread(_call, console, "GET", f"/llm/tests/runs/{run_id}")
        if answer["data"]["status"] not in _OPEN:
            break
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def _tell_run(report: Report, found: dict[str, Any], watch: Watch) -> None:
    summary = found["summary"]
    counts = {name: count for name, count in summary["counts"].items() if count}
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    report.add(f"{found['arrangement']}, {summary['rate_per_s']:.0f} calls/s", told)
    is_whole = sum(counts.values()) == summary["requested"] and found["stored"] == summary[
        "requested"
    ] - counts.get("not_started", 0)
    report.add("sum of classes = requested, rows = calls that began", str(is_whole), goal="True",
               ok=is_whole)  # fmt: skip
    report.add("TTFT p50 / p99", f"{summary['ttft']['p50']:.0f} / {summary['ttft']['p99']:.0f} ms")
    lag, sound = summary["loop_lag"]["p99"], summary["is_lag_sound"]
    report.add("engine's own lag p99, said to be sound", f"{lag:.1f} ms, {sound}")
    report.add("memory of console and worker", f"{watch.memory:.0f} MB", goal="< 400 MB",
               ok=watch.memory < 400)  # fmt: skip
