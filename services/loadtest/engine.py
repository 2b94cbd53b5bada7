"""Engine: users or arrivals make calls through seats; every call becomes exactly one sample."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from services.chat.client import ChatClient
from services.chat.types import ChatRequest, Outcome, Reply
from services.foundation.clock import Clock
from services.foundation.ids import new_hex
from services.identities.types import Token
from services.loadtest.rules import BAD
from services.loadtest.samples import cut_sample, to_sample
from services.loadtest.schedule import Schedule
from services.loadtest.tally import Gauge, Start
from services.loadtest.types import LoadPlan, Sample

LAG_EVERY_S = 0.05


class Seat(Protocol):
    """A signed-in user as the engine sees it."""

    no: int
    is_stale: bool

    @property
    def token(self) -> Token:
        """Its newest token."""
        ...


class Seats(Protocol):
    """Who lends the signed-in users."""

    def take_fresh(self) -> Seat | None:
        """Give one for the time of a call, None where that takes a while: take()."""
        ...

    async def take(self) -> Seat:
        """Give one for the time of a call."""
        ...

    def give(self, seat: Any) -> None:
        """Take one back."""
        ...


class Sink(Protocol):
    """Who counts: the tally itself, or the pipe to it."""

    def begin(self, start: Start) -> None:
        """Take a call that is being sent."""
        ...

    def end(self, sample: Sample, gaps: Sequence[float]) -> None:
        """Take what became of it, with the milliseconds between its events."""
        ...


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What a run works with."""

    chat: ChatClient
    clock: Clock
    pool: Seats
    api_base: str
    models: tuple[str, ...]
    run_id: str
    max_events: int


class Engine:
    """One run; `stop()` lets what is in flight end, a cancel cuts it."""

    def __init__(self, plan: LoadPlan, parts: EngineParts, sink: Sink) -> None:
        """Keep the parts; nothing is sent before run()."""
        self._plan = plan
        self._parts = parts
        self._sink = sink
        self._schedule = Schedule(plan)
        # None: there is a place for everyone
        self._places = asyncio.Semaphore(plan.cap) if plan.cap < plan.users else None
        self._metadata = {"source": "load_test", "run_id": parts.run_id, "save_history": False}
        self._ending = asyncio.Event()
        self._began_at = 0.0
        self._now = Gauge()
        self._bad = 0  # calls that failed
        self._lags_ms: list[float] = []

    def stop(self) -> None:
        """Begin no further call."""
        self._ending.set()

    def look(self) -> tuple[Gauge, list[float]]:
        """Return what it knows of itself, and how late its loop was since it was asked last."""
        lags_ms, self._lags_ms = self._lags_ms, []
        elapsed_s = self.elapsed_s() if self._began_at else 0.0
        return replace(self._now, elapsed_s=elapsed_s), lags_ms

    async def run(self) -> None:
        """Return when every call that was begun has ended."""
        self._began_at = self._parts.clock.monotonic()
        async with asyncio.TaskGroup() as group:
            lag = group.create_task(self._watch_lag(), name="load lag")
            timer = group.create_task(self._end_in_time(), name="load end")
            await self._drive()
            lag.cancel()
            timer.cancel()

    def elapsed_s(self) -> float:
        """Return the seconds since the first call could begin."""
        return self._parts.clock.monotonic() - self._began_at

    async def _drive(self) -> None:
        async with asyncio.TaskGroup() as calls:
            if self._plan.is_open:
                await self._arrive(calls)
            else:
                for user_no in range(self._plan.users):
                    calls.create_task(self._be_user(user_no), name=f"load user {user_no + 1}")

    # -- closed model: each user asks again when it was answered

    async def _be_user(self, user_no: int) -> None:
        steady_from_s = self._schedule.steady_from_s
        while not self._ending.is_set():
            elapsed_s = self.elapsed_s()
            if elapsed_s < steady_from_s:
                at_s = self._schedule.begins_at_s(user_no, elapsed_s)
                if at_s is None:
                    return
                await self._pause_until(at_s)
                if self._ending.is_set():
                    return
            if self._places is not None:
                if not await self._call_in_turn(self._places):
                    return
            elif self._has_more():
                await self._call(0.0)
            else:
                return

    async def _call_in_turn(self, places: asyncio.Semaphore) -> bool:
        """Make one call when there is a place; return False when none is left to make."""
        now = self._now
        now.waiting += 1
        try:
            await places.acquire()
        finally:
            now.waiting -= 1
        try:
            if self._ending.is_set() or not self._has_more():
                return False
            await self._call(0.0)
        finally:
            places.release()
        return True

    def _has_more(self) -> bool:
        return self._plan.requests is None or self._now.begun < self._plan.requests

    # -- open model: calls arrive by the clock

    async def _arrive(self, calls: asyncio.TaskGroup) -> None:
        plan, now = self._plan, self._now
        while plan.requests is None or now.due < plan.requests:
            due_s = self._schedule.due_s(now.due)
            if due_s is None or (plan.seconds is not None and due_s >= plan.seconds):
                return
            await self._pause_until(due_s)
            if self._ending.is_set():
                return
            now.due += 1
            if now.in_flight + now.waiting >= plan.users:
                now.dropped += 1
            else:
                now.waiting += 1
                calls.create_task(self._serve(due_s), name="load arrival")

    async def _serve(self, due_s: float) -> None:
        places = self._places
        try:
            if places is not None:
                await places.acquire()
        finally:
            self._now.waiting -= 1
        try:
            if not self._ending.is_set():
                await self._call(max(0.0, (self.elapsed_s() - due_s) * 1000))
        finally:
            if places is not None:
                places.release()

    # -- one call

    async def _call(self, late_ms: float) -> None:
        no, parts = self._count_in(), self._parts
        at_ms = self.elapsed_s() * 1000
        request_id, model = new_hex(), parts.models[(no - 1) % len(parts.models)]
        user_no = 0
        try:
            seat = parts.pool.take_fresh()
            if seat is None:
                seat = await parts.pool.take()
                at_ms = self.elapsed_s() * 1000
            user_no = seat.no
            try:
                self._sink.begin(Start(no, user_no, model, round(at_ms, 3), request_id))
                reply = await parts.chat.converse(self._request(seat, model, request_id))
                if reply.status == 401:
                    seat.is_stale = True
            finally:
                parts.pool.give(seat)
        except asyncio.CancelledError:
            cut = cut_sample(no, user_no, model, at_ms, request_id)
            total_ms = round(self.elapsed_s() * 1000 - at_ms, 3)
            self._end(replace(cut, total_ms=total_ms, late_ms=round(late_ms, 3)), ())
            raise
        except Exception as error:  # noqa: BLE001  # boundary: one call fails, not its run
            word = type(error).__name__
            reply = Reply(Outcome.MALFORMED, request_id, error=word, error_text=str(error)[:500])
        self._end(to_sample(no, user_no, model, at_ms, reply, late_ms), reply.gaps_ms)

    def _count_in(self) -> int:
        """Return the number of a call that begins."""
        now = self._now
        now.begun += 1
        now.in_flight += 1
        now.peak = max(now.peak, now.in_flight)
        return now.begun

    def _end(self, sample: Sample, gaps: Sequence[float]) -> None:
        self._now.in_flight -= 1
        self._sink.end(sample, gaps)
        if sample.sample_class in BAD:
            self._bad += 1
            limit = self._plan.stop_errors
            if limit is not None and self._bad >= limit:  # at once: a beat would let hundreds fail
                self.stop()

    def _request(self, seat: Seat, model: str, request_id: str) -> ChatRequest:
        plan, parts = self._plan, self._parts
        timeout_s = plan.timeout_s
        return ChatRequest(
            parts.api_base,
            seat.token.access_token,
            model,
            plan.message,
            request_id,
            plan.result_mode,
            metadata=self._metadata,
            total_s=timeout_s,
            accept_s=timeout_s,
            first_event_s=timeout_s,
            connect_s=timeout_s,  # a server that accepts late is slow, not gone
            max_events=parts.max_events,
        )

    # -- time

    async def _pause_until(self, at_s: float) -> None:
        """Return at that second of the run, or as soon as it shall end."""
        left_s = at_s - self.elapsed_s()
        if left_s <= 0:
            return
        try:
            async with asyncio.timeout(left_s):
                await self._ending.wait()
        except TimeoutError:
            return

    async def _end_in_time(self) -> None:
        if self._plan.seconds is not None:
            await self._parts.clock.sleep(self._plan.seconds)
            self.stop()

    async def _watch_lag(self) -> None:
        while True:  # ends with the run
            before = self._parts.clock.monotonic()
            await self._parts.clock.sleep(LAG_EVERY_S)
            late_s = self._parts.clock.monotonic() - before - LAG_EVERY_S
            self._lags_ms.append(max(0.0, late_s * 1000))
