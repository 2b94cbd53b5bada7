"""A soak from its start to its checks: console, supplier, pages and work together."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.conftest import find_free_port
from tests.soak import invariants
from tests.soak.browsers import Visitors
from tests.soak.sampling import Sampler
from tests.soak.supplier import SoakSupplier
from tests.soak.verdict import Check, Fault, Sample, flat, memory
from tests.soak.work import Facts, Work
from tests.support.chromium import chromium
from tests.support.process import ConsoleProcess

_UNLIMITED = {
    "RATE_LIMIT_ENABLED": "false",
    "SSE_MAX_CONCURRENT_PER_USER": "0",
    "SSE_MAX_CONCURRENT_PER_ANONYMOUS_USER": "0",
    "AUTH_SIGNUPS_PER_HOUR": "100000",
}
_SAMPLES_MOST = 720
_LOCKED_S = 20.0  # longer than the console waits for a lock: results go to the journal


@dataclass(frozen=True)
class Result:
    """What a soak found."""

    began: datetime
    minutes: float
    checks: list[Check]
    counts: Counter[str]
    samples: list[Sample]


async def soak(folder: Path, minutes: float, pages: int) -> Result:
    """Run it all and return what was found."""
    began, start = datetime.now(UTC), time.monotonic()
    console = ConsoleProcess(folder / "data", find_free_port(), environment=_UNLIMITED)
    facts, samples = Facts(), list[Sample]()
    checks: list[Check] = []
    await asyncio.to_thread(console.start)
    try:
        async with SoakSupplier() as supplier, chromium() as browser, _operator(console) as client:
            work = Work(client, supplier, console.data_dir / "gymbro.sqlite3", facts)
            await work.prepare()
            seen = Visitors(console.url, rest_s=max(2.0, min(15.0, minutes)))
            await seen.come(browser, pages)
            await _work_for(minutes * 60, console, work, seen, samples, start)
            checks += await _restart(console, work, seen)
    finally:
        code = await asyncio.to_thread(console.stop)
    checks = [
        *_held(samples),
        *checks,
        Check("the last stop was clean", code == 0, f"exit code {code}"),
        Check("every call was answered as it should", not facts.problems,
              "; ".join(facts.problems[:5]) or f"{sum(facts.counts.values())} acts"),
        Check("pages stayed alive", not seen.problems,
              "; ".join(seen.problems[:5]) or f"{seen.visits} visits"),
        *_records(console, facts.faults, began),
    ]  # fmt: skip
    return Result(began, minutes, checks, facts.counts, samples)


def _held(samples: list[Sample]) -> list[Check]:
    return [
        memory(samples),
        flat(samples, "handles", slack=8),
        flat(samples, "tasks", slack=8),
        flat(samples, "threads", slack=2),
    ]


def _records(console: ConsoleProcess, faults: list[Fault], began: datetime) -> list[Check]:
    data = console.data_dir
    return [
        *invariants.of_store(data / "gymbro.sqlite3", began, datetime.now(UTC)),
        invariants.of_journal(data / "storage" / "ai_runtime" / "journal"),
        *invariants.of_log(data / "logs", faults),
    ]


async def _work_for(
    seconds: float,
    console: ConsoleProcess,
    work: Work,
    seen: Visitors,
    samples: list[Sample],
    start: float,
) -> None:
    """Let everything happen for so long; short soaks have shorter pauses."""
    pace = max(5.0, min(60.0, seconds / 12))
    assert console.process is not None
    sampler = Sampler(console.process.pid, console.url, console.data_dir / "gymbro.sqlite3", start)
    turns = [
        _every(pace, work.e2e),
        _every(pace, work.talk, first_s=pace / 2),
        _every(3 * pace, lambda: work.load(20, 100), first_s=pace / 4),
        _every(max(120.0, pace), work.set_clock, first_s=1),
        _faults(pace, work),
        _sample(sampler, samples, max(1.0, seconds / _SAMPLES_MOST)),
        seen.wander(),
    ]
    tasks = [asyncio.ensure_future(turn) for turn in turns]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        tasks[4].cancel()  # no further fault; the one under way is undone by its own end
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _every(
    pause_s: float, act: Callable[[], Awaitable[object]], first_s: float = 0.0
) -> None:
    await asyncio.sleep(first_s)
    while True:
        await act()
        await asyncio.sleep(pause_s)


async def _faults(pace_s: float, work: Work) -> None:
    length_s = max(5.0, pace_s / 3)
    while True:
        for fault in (
            work.supplier_errors,
            work.supplier_cuts,
            work.store_locked,
            work.supplier_silent,
            work.supplier_down,
        ):
            await asyncio.sleep(pace_s)
            is_lock = fault == work.store_locked
            await fault(max(_LOCKED_S, length_s) if is_lock else length_s)


async def _sample(sampler: Sampler, samples: list[Sample], pause_s: float) -> None:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        while True:
            taken = await sampler.take(client)
            if taken is not None:
                samples.append(taken)
            await asyncio.sleep(pause_s)


async def _restart(console: ConsoleProcess, work: Work, seen: Visitors) -> list[Check]:
    """Stop the console in the middle of its work, start it again, and wait until it rests."""
    await work.load(20, 200)
    await work.e2e()
    await asyncio.sleep(1)
    code = await asyncio.to_thread(console.stop)
    await asyncio.to_thread(console.start)
    has_rest = await work.come_to_rest()
    await work.until("/journal", lambda body: not body["data"]["waiting"])
    live = await seen.are_live()
    with suppress(httpx.HTTPError):
        await work.e2e()
    has_rest = await work.come_to_rest() and has_rest
    return [
        Check("stopped in the middle of its work", code == 0, f"exit code {code}"),
        Check("everything came to an end after the restart", has_rest, ""),
        Check("pages came back by themselves", live == len(seen.pages),
              f"{live} of {len(seen.pages)}"),
    ]  # fmt: skip


def _operator(console: ConsoleProcess) -> httpx.AsyncClient:
    token = (console.data_dir / "secrets" / "operator.token").read_text().strip()
    return httpx.AsyncClient(
        base_url=f"{console.url}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
    )
