"""Our gateway in the real app beside LiteLLM and Portkey: calls per CPU-second, added time, streams."""

import json
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import peers
from tests.benchmarks.console_process import console_process
from tests.benchmarks.peers import Served
from tests.benchmarks.processes import LOAD_CORE, ROOT, cpu_seconds, memory_mb, on_core
from tests.benchmarks.report import Report, median

ROUNDS = 3  # interleaved: every gateway once a round
_OURS = "GymBro"
_DIRECT = "direct"
_CALLS = {_OURS: 20_000, "LiteLLM": 300, "Portkey": 1_500}  # about three seconds each
_ADDED_CALLS = {_OURS: 600, _DIRECT: 600, "LiteLLM": 60, "Portkey": 200}
_STREAMS = 100
_STREAM_ROUNDS = 3  # each worker follows so many streams


@dataclass
class Values:
    """What the rounds gave for one gateway."""

    per_cpu_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    tokens_per_second: list[float] = field(default_factory=list)
    cpu_us_per_token: list[float] = field(default_factory=list)
    memory: float = 0.0
    problem: str = ""


def run(report: Report) -> None:
    """Measure and add the section."""
    report.section(
        "gateway: POST /v1/chat/completions to a C supplier, tool and supplier on a core each"
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        gateways = _start(stack, Path(folder), report)
        values = {served.name: Values() for served in gateways}
        for _ in range(ROUNDS):
            for served in gateways:
                _one_round(served, values[served.name])
    _judge(report, values)


def _start(stack: ExitStack, folder: Path, report: Report) -> list[Served]:
    supplier = stack.enter_context(peers.mock_supplier(folder, core=LOAD_CORE))
    console = stack.enter_context(console_process(folder))
    # deepseek is the family without a daily quota
    console.map_model("deepseek-bench", supplier, "mock", "sk-mock-0123456789")
    headers = {"Authorization": f"Bearer {console.user_token}"}
    url = f"{console.base_url}/v1/chat/completions"
    gateways = [
        Served(_DIRECT, f"{supplier}/v1/chat/completions", "mock", 0),
        Served(_OURS, url, "deepseek-bench", console.pid, headers),
    ]
    starts: list[tuple[str, Callable[[], str], Any]] = [
        ("LiteLLM", peers.litellm_problem, lambda: peers.litellm(supplier, folder)),
        ("Portkey", peers.portkey_problem, lambda: peers.portkey(supplier)),
    ]
    for name, problem_of, start in starts:
        if problem := problem_of():
            report.add(f"{name} is not measured", problem[:120])
        else:
            gateways.append(stack.enter_context(start()))
    return gateways


def _one_round(served: Served, values: Values) -> None:
    if served.name in _ADDED_CALLS:
        values.p50_ms.append(
            _drive(served, concurrency=1, count=_ADDED_CALLS[served.name])[0]["p50_ms"]
        )
    if served.name in _CALLS:
        found, cpu = _drive(served, concurrency=32, count=_CALLS[served.name])
        values.per_cpu_second.append(found["done"] / cpu)
        values.memory = memory_mb(served.pid)
    if not values.problem:
        found, cpu = _drive(
            served,
            concurrency=_STREAMS,
            count=_STREAMS * _STREAM_ROUNDS,
            is_stream=True,
            seconds=15.0,
        )
        if found["failed"]:
            values.problem = found["reason"][:60]
        else:
            values.tokens_per_second.append(found["tokens_per_second"])
            values.cpu_us_per_token.append(
                cpu * 1e6 / (found["tokens_per_second"] * found["seconds"])
            )


def _drive(served: Served, **order: Any) -> tuple[dict[str, Any], float]:
    """Run the generator on the other core; give its summary and the gateway's CPU seconds."""
    body: dict[str, Any] = {
        "model": served.model,
        "messages": [{"role": "user", "content": "hello there"}],
    }
    if order.get("is_stream"):
        body["stream"] = True
    full = {"url": served.url, "headers": served.headers, "body": body, **order}
    before = cpu_seconds(served.pid) if served.pid else 0.0
    done = subprocess.run(
        on_core(LOAD_CORE, peers.generator_command(full)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    cpu = (cpu_seconds(served.pid) if served.pid else 0.0) - before
    found = json.loads(done.stdout)
    if found["failed"] and not order.get("is_stream"):
        raise RuntimeError(f"{served.name}: {found['failed']} calls failed: {found['reason']}")
    return found, max(cpu, 0.01)


def _judge(report: Report, values: dict[str, Values]) -> None:
    direct, ours = values[_DIRECT], values[_OURS]
    rate = median(ours.per_cpu_second)
    report.add("calls per CPU-second, 32 at a time", f"{rate:,.0f}")
    for name, times in (("LiteLLM", 50), ("Portkey", 7)):
        if name in values:
            peer = median(values[name].per_cpu_second)
            ratio = rate / peer
            report.add(
                f"  {name}: {peer:,.0f}; ours is",
                f"{ratio:.1f} x",
                goal=f">= {times} x",
                ok=ratio >= times,
            )
    added = median([one - other for one, other in zip(ours.p50_ms, direct.p50_ms, strict=True)])
    report.add(
        "added at the median, one at a time", f"{added:.2f} ms", goal="<= 0.6 ms", ok=added <= 0.6
    )
    for name in ("LiteLLM", "Portkey"):
        if name in values:
            theirs = median(values[name].p50_ms) - median(direct.p50_ms)
            report.add(f"  {name}", f"{theirs:.2f} ms")
    _judge_streams(report, values)
    for name, found in values.items():
        if found.memory:
            report.add(f"memory, {name}", f"{found.memory:,.0f} MB")


def _judge_streams(report: Report, values: dict[str, Values]) -> None:
    straight = median(values[_DIRECT].tokens_per_second)
    report.add(f"{_STREAMS} paced streams, direct", f"{straight:,.0f} tokens/s")
    for name, found in values.items():
        if name == _DIRECT:
            continue
        if found.problem:
            report.add(f"  {name} cannot stream", found.problem[:40])
            continue
        ratio = median(found.tokens_per_second) / straight
        ok = ratio >= 0.98 if name == _OURS else None
        report.add(
            f"  {name}, share of direct",
            f"{ratio:.3f}",
            goal=">= 0.98" if ok is not None else "",
            ok=ok,
        )
        report.add(f"  {name}, CPU a token", f"{median(found.cpu_us_per_token):.0f} us")
