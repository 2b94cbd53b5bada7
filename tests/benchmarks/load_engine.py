"""The engine of load tests on its own, in this process or in its worker; one JSON line out.

Run as its own process: `python -m tests.benchmarks.load_engine '{"api_base": …, "users": …}'`.
What it counts and keeps is what a run of the console counts and keeps, without the store.
"""

import asyncio
import json
import resource
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import uvloop

from services.chat.client import ChatClient
from services.foundation.clock import SystemClock
from services.identities.types import Token
from services.loadtest import frames
from services.loadtest.crew import Crew
from services.loadtest.engine import Engine, EngineParts
from services.loadtest.outlook import raise_descriptor_limit
from services.loadtest.seats import Seat, SeatBook
from services.loadtest.tally import Start, Tally
from services.loadtest.types import LoadPlan, Sample

TOKEN = "t" * 300
FAR = 1 << 40


@dataclass
class Order:
    """One run; no limit of the form holds here, so that more than 1000 users can be measured."""

    api_base: str
    users: int
    requests: int | None = None
    seconds: float | None = None
    rate: float | None = None
    ramp_s: float = 0.0
    is_worker: bool = False
    certificate: str = ""


class Kept:
    """The sink of a run: counted, and every call kept."""

    def __init__(self, plan: LoadPlan) -> None:
        self.tally = Tally(plan)
        self.samples: list[Sample] = []

    def begin(self, start: Start) -> None:
        self.tally.begin(start)

    def end(self, sample: Sample, gaps: Any) -> None:
        self.samples.append(sample)
        self.tally.end(sample, gaps)

    def take(self, batch: frames.Batch) -> None:
        for start in batch.starts:
            self.begin(start)
        for sample in batch.samples:
            self.end(sample, ())
        self.tally.merge_gaps(batch.gaps, batch.gap_max_ms, batch.gauge.elapsed_s * 1000)


async def drive(order: Order) -> dict[str, Any]:
    raise_descriptor_limit()
    plan = LoadPlan(
        users=order.users,
        cap=order.users,
        requests=order.requests,
        seconds=order.seconds,
        rate=order.rate,
        ramp_s=order.ramp_s,
        message="hello",
    )
    kept = Kept(plan)
    driver = _crew(order, plan, kept) if order.is_worker else _engine(order, plan, kept)
    cpu_s, began = _cpu_s(), time.monotonic()
    beat = asyncio.ensure_future(_beat(driver, kept))
    await driver.run()
    beat.cancel()
    kept.tally.look(*driver.look())
    wall_s, cpu_s = time.monotonic() - began, _cpu_s() - cpu_s
    summary = kept.tally.summary(kept.tally.gauge.elapsed_s)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory += resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if order.is_worker else 0
    return {
        **asdict(summary),
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "kept": len(kept.samples),
        "memory_mb": memory / 1000,
    }


def _engine(order: Order, plan: LoadPlan, kept: Kept) -> Engine:
    clock = SystemClock()
    tls = ssl.create_default_context(cafile=order.certificate) if order.certificate else None
    book = SeatBook(clock, _never)
    for no in range(1, order.users // 2 + 2):
        book.add(Seat(no, Token(TOKEN, "", FAR, "", is_anonymous=False)))
    chat = ChatClient(clock, tls=tls, connections=order.users)
    parts = EngineParts(chat, clock, book, order.api_base, ("mock",), "exe_bench", 4_000)
    return Engine(plan, parts, kept)


def _crew(order: Order, plan: LoadPlan, kept: Kept) -> Crew:
    seats = tuple((no, TOKEN, FAR) for no in range(1, order.users // 2 + 2))
    return Crew(
        frames.Order(plan, order.api_base, ("mock",), "exe_bench", 4_000, seats), kept.take, _never
    )


async def _never(_: object) -> None:
    return None


async def _beat(driver: Engine | Crew, kept: Kept) -> None:
    while True:  # ends with the run
        await asyncio.sleep(0.25)
        kept.tally.look(*driver.look())


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(Order(**json.loads(sys.argv[1]))))))
