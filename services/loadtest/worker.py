"""Worker: the child process in which the engine of a big load test has a loop of its own.

Started by services.loadtest.crew as `python -m services.loadtest.worker`. The order comes in
through stdin, results go out through stdout (services.loadtest.frames); when stdin ends, the
console is gone and the worker ends too.
"""

import asyncio
import gc
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from services.chat.client import ChatClient
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.identities.types import Token
from services.loadtest import frames
from services.loadtest.engine import Engine, EngineParts
from services.loadtest.histogram import Histogram
from services.loadtest.pipes import read
from services.loadtest.seats import Seat, SeatBook
from services.loadtest.tally import Start
from services.loadtest.types import Sample

try:
    import uvloop
except ImportError:  # not made for this system; the stock loop does the same with more CPU
    uvloop = None

_log = logging.getLogger(__name__)
BATCH_S = 0.25
NICE = 10
_COLLECT_EVERY = 50_000  # objects
_RENEW_S = 60.0
_LAST_WORDS_S = 5.0


class Worker:
    """One run: an engine whose sink is the pipe."""

    def __init__(self, order: frames.Order, out: "queue.SimpleQueue[bytes | None]") -> None:
        """Build the engine; must be called on its loop."""
        clock = SystemClock()
        self._out = out
        self._starts: list[Start] = []
        self._samples: list[Sample] = []
        self._gaps = Histogram()
        self._chat = ChatClient(clock, connections=order.plan.cap)
        self._tasks = Tasks()
        self._renewing: dict[int, asyncio.Future[Token | None]] = {}
        book = SeatBook(clock, self._renew)
        for no, access_token, expires_at in order.seats:
            book.add(Seat(no, frames.to_token(access_token, expires_at)))
        parts = EngineParts(
            chat=self._chat,
            clock=clock,
            pool=book,
            api_base=order.api_base,
            models=order.models,
            run_id=order.run_id,
            max_events=order.max_events,
        )
        self.engine = Engine(order.plan, parts, self)

    def begin(self, start: Start) -> None:
        """Keep a start for the next batch."""
        self._starts.append(start)

    def end(self, sample: Sample, gaps: Sequence[float]) -> None:
        """Keep a sample for the next batch."""
        self._samples.append(sample)
        self._gaps.add_all(gaps)

    async def run(self) -> None:
        """Work to the end; what is left to tell is told also after a cancel."""
        teller = self._tasks.start(self._tell_often(), "load teller")
        try:
            await self.engine.run()
        finally:
            teller.cancel()
            self._tell()
            self._chat.close()

    def hear(self, frame: dict[str, Any]) -> None:
        """Do what the console says after its order."""
        if "token" in frame:
            no, access_token, expires_at = frame["token"]
            waiting = self._renewing.pop(no, None)
            if waiting is not None and not waiting.done():
                token = frames.to_token(access_token, expires_at) if access_token else None
                waiting.set_result(token)
        elif "stop" in frame:
            self.engine.stop()

    async def _renew(self, seat: Seat) -> Token | None:
        """Ask the console, which holds what renews a token."""
        waiting: asyncio.Future[Token | None] = asyncio.get_running_loop().create_future()
        self._renewing[seat.no] = waiting
        self._out.put(frames.pack({"renew": seat.no}))
        try:
            async with asyncio.timeout(_RENEW_S):
                return await waiting
        except TimeoutError:
            return None

    async def _tell_often(self) -> None:
        while True:  # ends with the run
            await asyncio.sleep(BATCH_S)
            self._tell()

    def _tell(self) -> None:
        gauge, lags_ms = self.engine.look()
        starts, self._starts = self._starts, []
        samples, self._samples = self._samples, []
        gaps, self._gaps = self._gaps, Histogram()
        batch = frames.Batch(
            starts=tuple(starts),
            samples=tuple(samples),
            gauge=gauge,
            lags_ms=tuple(lags_ms),
            gaps=gaps.buckets,
            gap_max_ms=gaps.largest,
        )
        self._out.put(frames.pack({"batch": frames.batch_values(batch)}))


async def work(
    order: frames.Order, source: BinaryIO, out: "queue.SimpleQueue[bytes | None]"
) -> None:
    """Run the order until its end, a cancel, or the end of the console."""
    loop = asyncio.get_running_loop()
    worker = Worker(order, out)
    task = Tasks().start(worker.run(), "load worker")

    def listen() -> None:  # its own thread: frames are rare, and no loop reads a pipe everywhere
        while (frame := read(source)) is not None and "cancel" not in frame:
            loop.call_soon_threadsafe(worker.hear, frame)
        with suppress(RuntimeError):  # the loop is closed: the run has ended
            loop.call_soon_threadsafe(task.cancel)
        if frame is None:
            threading.Timer(_LAST_WORDS_S, os._exit, (1,)).start()  # nobody reads us any more

    threading.Thread(target=listen, daemon=True).start()
    try:
        await task
    except asyncio.CancelledError:
        pass
    except Exception as error:  # noqa: BLE001  # boundary: the console tells why
        _log.exception("the worker failed")
        out.put(frames.pack({"failed": f"{type(error).__name__}: {error}"[:300]}))
        return
    out.put(frames.pack({"done": True}))


def main() -> int:
    """Take the order, work at low priority, and end when all is told."""
    with suppress(OSError, AttributeError):  # no such thing here: it works at the usual one
        os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the console's, which cancels us
    source, target = sys.stdin.buffer, sys.stdout.buffer
    order = read(source)
    if order is None:
        return 1
    out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    writer = threading.Thread(target=_write, args=(target, out), daemon=True)
    writer.start()
    _spare_collections()
    _run(work(frames.to_order(order["order"]), source, out))
    out.put(None)
    writer.join()
    return 0


def _spare_collections() -> None:
    """Let the collector leave alone what was imported, and look less often: calls leave no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY)


def _run(job: Coroutine[Any, Any, None]) -> None:
    if uvloop is None:
        asyncio.run(job)
    else:
        uvloop.run(job)


def _write(target: BinaryIO, out: "queue.SimpleQueue[bytes | None]") -> None:
    with suppress(BrokenPipeError, ValueError):  # the console is gone
        while (data := out.get()) is not None:
            target.write(data)
            target.flush()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the listening thread may still wait for the console
