"""Load generator: closed-loop JSON calls or paced streams through the wire client, one JSON line out.

Run as its own process: `python -m tests.benchmarks.load '{"url": …, "headers": {}, "body": {}, …}'`.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop

from services.foundation.clock import SystemClock
from services.wire.client import WireClient
from services.wire.types import Deadlines, Limits, WireError
from tests.benchmarks.report import percentile

_TOKEN = b'"content":"'
_DEADLINES = Deadlines(connect_s=20, first_byte_s=60, idle_s=60, total_s=180)


@dataclass
class Order:
    """What to send: `count` calls over `concurrency` workers."""

    url: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    concurrency: int = 1
    count: int = 100
    seconds: float = 60.0  # stop sooner when this much time has passed
    is_stream: bool = False


@dataclass
class Outcome:
    latencies: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    tokens: int = 0
    failed: int = 0
    left: int = 0
    reason: str = ""


async def drive(order: Order) -> dict[str, Any]:
    client = WireClient(SystemClock(), limits=Limits(connections_per_origin=2000))
    outcome = Outcome(left=order.count)
    body = json.dumps(order.body).encode()
    headers = {"Content-Type": "application/json", **order.headers}
    began = time.perf_counter()
    call = _stream if order.is_stream else _json

    async def work() -> None:
        while outcome.left > 0 and time.perf_counter() - began < order.seconds:
            outcome.left -= 1
            try:
                await call(client, order, headers, body, outcome)
            except WireError as error:
                outcome.failed += 1
                outcome.reason = str(error)

    await asyncio.gather(*(work() for _ in range(order.concurrency)))
    elapsed = time.perf_counter() - began
    client.close()
    return _summary(outcome, elapsed)


async def _json(client: WireClient, order: Order, headers, body: bytes, outcome: Outcome) -> None:
    began = time.perf_counter()
    answer = await client.request("POST", order.url, headers, body, _DEADLINES)
    if answer.status == 200 and b'"choices"' in answer.body:
        outcome.latencies.append(time.perf_counter() - began)
    else:
        outcome.failed += 1
        outcome.reason = f"{answer.status} {answer.body[:200]!r}"


async def _stream(client: WireClient, order: Order, headers, body: bytes, outcome: Outcome) -> None:
    began = time.perf_counter()
    first = 0.0
    async with client.stream("POST", order.url, headers, body, _DEADLINES) as reply:
        if reply.status != 200:
            outcome.failed += 1
            outcome.reason = f"{reply.status} {(await reply.read(200))!r}"
            return
        async for chunk in reply.chunks():
            tokens = chunk.data.count(_TOKEN)
            if tokens and not first:
                first = time.perf_counter() - began
            outcome.tokens += tokens
    outcome.first.append(first)
    outcome.latencies.append(time.perf_counter() - began)


def _summary(outcome: Outcome, elapsed: float) -> dict[str, Any]:
    times = outcome.latencies or [0.0]
    return {
        "done": len(outcome.latencies),
        "failed": outcome.failed,
        "reason": outcome.reason,
        "seconds": elapsed,
        "per_second": len(outcome.latencies) / elapsed,
        "tokens_per_second": outcome.tokens / elapsed,
        "p50_ms": percentile(times, 0.5) * 1000,
        "p99_ms": percentile(times, 0.99) * 1000,
        "first_p50_ms": percentile(outcome.first or [0.0], 0.5) * 1000,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(Order(**json.loads(sys.argv[1]))))))
