"""A whole E2E on the demo supplier without pacing: 20 models x 2 user types through the real process.

Our own time per cell is the launch's whole time over its cells, without the supplier's, which is
measured apart: signing in, listing, client, gateway, checks, store, announcing. Both user types run
side by side in one process on one core, so that a cell's share of the time is what it really costs.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from services.foundation.clock import SystemClock
from services.suppliers.service import Suppliers
from services.suppliers.types import Conversation, SupplierCall
from tests.benchmarks.console_process import RunningConsole, console_process
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.report import Report, median

MODELS = 20
ROUNDS = 3
WAIT_S = 60
_DEMO = "demo-fast"


def run(report: Report) -> None:
    """Start the console, run launches, add the section."""
    report.section(f"e2e: {MODELS} models x 2 user types, demo supplier without pacing, one core")
    supplier_ms = asyncio.run(_supplier_ms())
    with tempfile.TemporaryDirectory() as folder, console_process(Path(folder)) as console:
        keys = _map_demo(console)
        launches = [_launch(console, keys) for _ in range(ROUNDS + 1)][1:]
    total_s = median([launch["seconds"] for launch in launches])
    report.add("a launch, from start to end", f"{total_s:.2f} s", goal="10 s", ok=total_s <= 10)
    own_ms = total_s * 1000 / (2 * MODELS) - supplier_ms
    report.add("our own time per cell", f"{own_ms:.1f} ms", goal="25 ms", ok=own_ms <= 25)
    report.add("our own CPU per cell", f"{median([x['cpu_ms'] for x in launches]):.1f} ms")
    report.add("the supplier's time per cell", f"{supplier_ms:.2f} ms")
    talk_ms = median([launch["talk_ms"] for launch in launches])
    report.add("a conversation, both sides of the wire", f"{talk_ms:.1f} ms")
    good = all(launch["good"] for launch in launches)
    report.add("every cell judged and good", str(good), goal="True", ok=good)


async def _supplier_ms() -> float:
    """Return the milliseconds the demo supplier takes for one reply by itself."""
    suppliers = Suppliers(SystemClock())
    times: list[float] = []
    for number in range(50):
        messages = [{"role": "user", "content": f"每日测试连通性和tools工具可用性 {number}"}]
        call = SupplierCall("", "demo", _DEMO, Conversation(messages))
        started = time.perf_counter()
        async for _ in suppliers.stream(call):
            pass
        times.append((time.perf_counter() - started) * 1000)
    await suppliers.close()
    return median(times)


def _map_demo(console: RunningConsole) -> list[str]:
    keys = [f"bench-{number:02}" for number in range(MODELS)]
    for key in keys:
        mapping = {"scope_type": "mapping", "scope_key": key, "name": key, "default_model": _DEMO}
        console.call("POST", "/api/v1/llm/model-groups", mapping)
    return keys


def _launch(console: RunningConsole, keys: list[str]) -> dict[str, Any]:
    started, cpu_s = time.perf_counter(), cpu_seconds(console.pid)
    answer = console.call("POST", "/api/v1/stats/e2e-mapped-model-runs", {"models": keys})
    launch_id = answer["data"]["launch_id"]
    launch: dict[str, Any] = {}
    while time.perf_counter() - started < WAIT_S:
        launch = console.call("GET", f"/api/v1/stats/e2e-launches/{launch_id}")["data"]
        if launch["status"] != "running":
            break
        time.sleep(0.05)
    cpu_s = cpu_seconds(console.pid) - cpu_s
    cells = [cell for part in launch["runs"] for cell in part["results"]]
    return {
        "seconds": max(part["duration_ms"] for part in launch["runs"]) / 1000,
        "cpu_ms": cpu_s * 1000 / len(cells),
        "talk_ms": sum(cell["latency_ms"] or 0 for cell in cells) / len(cells),
        "good": len(cells) == 2 * MODELS and all(cell["success"] for cell in cells),
    }
