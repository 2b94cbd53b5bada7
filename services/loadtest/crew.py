"""Crew: one worker process as the console sees it: started, fed, heard, ended, buried."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from services.foundation.errors import ConsoleError
from services.foundation.program import ROOT, is_packaged, own_command
from services.identities.types import Token
from services.loadtest import frames
from services.loadtest.tally import Gauge
from services.loadtest.types import Arrangement

_log = logging.getLogger(__name__)
BURY_S = 0.5
CANCEL_S = 0.8  # for the last batch of a run that is cancelled
_PARTS_AT_ONCE = 100  # of a batch, before others have their turn on the loop
_WORDS_KEPT = 2_000


_MODULES = {
    Arrangement.WORKER: ("services.loadtest.worker",),
    Arrangement.LOCUST: ("services.loadtest.locust_start", "master"),
}


class WorkerDiedError(ConsoleError):
    """The worker process ended before its run did; the rest of its calls was not made."""


class Crew:
    """The engine's place in a process of its own; it is used as the engine is."""

    def __init__(
        self,
        order: frames.Order,
        on_batch: Callable[[frames.Batch], None],
        renew: Callable[[int], Awaitable[Token | None]],
        place: Arrangement = Arrangement.WORKER,
    ) -> None:
        """Keep what is to be done; no process exists before run()."""
        self._place = place
        self._order = order
        self._on_batch = on_batch
        self._renew = renew
        self._gauge = Gauge()
        self._lags_ms: list[float] = []
        self._process: asyncio.subprocess.Process | None = None
        self._size = 0  # of the frame that is being read
        self._is_done = False
        self._is_stopping = False
        self._words = b""

    @property
    def pid(self) -> int | None:
        """The worker's process, once there is one."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """Let the worker begin no further call."""
        if not self._is_stopping:
            self._is_stopping = True
            self._say({"stop": True})

    def look(self) -> tuple[Gauge, list[float]]:
        """Return what the worker told last of itself, and its lags since this was asked last."""
        lags_ms, self._lags_ms = self._lags_ms, []
        return self._gauge, lags_ms

    async def run(self) -> None:
        """Return when the worker has told everything; raise WorkerDiedError when it could not."""
        process = await asyncio.create_subprocess_exec(
            *_command(self._place),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1024 * 1024,
        )  # fmt: skip
        self._process = process
        try:
            async with asyncio.TaskGroup() as group:
                words = group.create_task(self._keep_words(process))
                self._say({"order": frames.order_values(self._order)})
                if self._is_stopping:
                    self._say({"stop": True})
                await self._listen(process, group)
                words.cancel()
        except asyncio.CancelledError:
            await self._end_soon(process)
            raise
        finally:
            await _bury(process)
        if not self._is_done:
            raise self._died(process.returncode)

    async def _listen(
        self, process: asyncio.subprocess.Process, group: asyncio.TaskGroup | None
    ) -> None:
        assert process.stdout is not None
        while not self._is_done:
            try:
                if not self._size:  # kept: a cancel may come between head and body
                    self._size = frames.size_of(await process.stdout.readexactly(4))
                frame = frames.unpack(await process.stdout.readexactly(self._size))
                self._size = 0
            except (asyncio.IncompleteReadError, ValueError):
                return  # it died; what came whole is kept
            await self._hear(frame, group)

    async def _hear(self, frame: dict[str, Any], group: asyncio.TaskGroup | None) -> None:
        if "batch" in frame:
            await self._take(frame["batch"])
        elif "renew" in frame:
            if group is not None:
                group.create_task(self._give_token(int(frame["renew"])))
        elif "failed" in frame:
            self._words = str(frame["failed"]).encode()
        elif "done" in frame:
            self._is_done = True

    async def _take(self, values: dict[str, Any]) -> None:
        """Take a batch in pieces, so that pages have their turn between them."""
        samples = values["samples"]
        rounds = max(1, -(-len(samples) // _PARTS_AT_ONCE))
        is_cut = False
        rest: dict[str, Any] = {**values, "starts": (), "lags": (), "gaps": {}}
        for turn in range(rounds):
            piece = samples[turn * _PARTS_AT_ONCE : (turn + 1) * _PARTS_AT_ONCE]
            # every start first: a call may begin and end within one batch
            batch = frames.to_batch({**(rest if turn else values), "samples": piece})
            self._gauge = batch.gauge
            self._lags_ms.extend(batch.lags_ms)
            self._on_batch(batch)
            if turn + 1 < rounds and not is_cut:
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    is_cut = True  # the rest of this batch has happened too
        if is_cut:
            raise asyncio.CancelledError

    async def _give_token(self, seat: int) -> None:
        token = await self._renew(seat)
        pair = ("", 0) if token is None else (token.access_token, token.expires_at)
        self._say({"token": (seat, *pair)})

    async def _end_soon(self, process: asyncio.subprocess.Process) -> None:
        """Hear the last batch of a cancelled run."""
        self._say({"cancel": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await self._listen(process, None)

    def _say(self, frame: dict[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            with suppress(OSError):  # it is gone, which the reading end tells
                process.stdin.write(frames.pack(frame))

    async def _keep_words(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(4096):
            self._words = (self._words + data)[-_WORDS_KEPT:]

    def _died(self, code: int | None) -> WorkerDiedError:
        words = self._words.decode("utf-8", "replace").strip()
        if words:
            _log.error("the worker of a load test said: %s", words)
        reason = words.splitlines()[-1][:200] if words else f"exit code {code}"
        return WorkerDiedError(
            "The worker process of this load test ended ({reason}); every call it told of is kept",
            reason=reason,
        )


def _command(place: Arrangement) -> list[str]:
    if is_packaged():  # it has no `python -m`, and no Locust
        return own_command("load-worker")
    return [sys.executable, "-m", *_MODULES[place]]


async def _bury(process: asyncio.subprocess.Process) -> None:
    """Read the exit code of a process that has said its last; end it when it stays."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(BURY_S):  # a kill at once could take its exit code away
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
