"""Outbox: one pusher, in batches, exactly once each; it waits, halves and stops by itself."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import outbox as queries
from services.foundation.actor import ensure_may_change
from services.foundation.clock import Clock
from services.foundation.errors import NotFoundError
from services.foundation.messages import Message, say
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.foundation.tasks import Tasks
from services.outbox import rules
from services.outbox.pushing import Pusher, PushTally, to_entry
from services.outbox.types import Carrier, Entry, FlushReport, OutboxView
from services.supabase.types import Fault, RemoteError

_log = logging.getLogger(__name__)
IDLE_S = 60.0  # a look without being woken
Progress = Callable[[int, int], Any]


@dataclass(slots=True)
class _Breaker:
    """Open after a passing failure: writes wait instead of asking a server that is down."""

    failures: int = 0
    opened_until: float = 0.0  # monotonic
    reason: Message | None = None
    stopped: dict[str, Message] = field(default_factory=dict[str, Message])  # kind to reason


class Outbox:
    """Waits in the database, so that a crash loses nothing; a replay is harmless."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Start empty; load() counts what waits."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._chance = chance
        self._carriers: dict[str, Carrier] = {}
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._breaker = _Breaker()
        self._held: Message | None = None  # a copy was put back: nobody compared yet
        self.is_enabled: Callable[[], bool] = lambda: True
        self.view = OutboxView()
        self.changed: Signal[OutboxView] = Signal("outbox.changed")
        self.flushed: Signal[FlushReport] = Signal("outbox.flushed")
        self.failed: Signal[RemoteError] = Signal("outbox.failed")

    def register(self, carrier: Carrier) -> None:
        """Make a kind pushable; kinds are pushed in the order they were registered."""
        self._carriers[carrier.kind] = carrier

    def carrier(self, kind: str) -> Carrier:
        """Return who pushes that kind."""
        return self._carriers[kind]

    def load(self) -> None:
        """Count what waits, and see whether it must wait for an operator."""
        if why := self._database.read_now(queries.held_by):
            self._held = say(
                "The copy {copy} was put back, so these changes may be older than what Supabase has."
                " Compare here, give up what is outdated, then let pushing go on",
                copy=why,
            )
        self._show(self._database.read_now(queries.counts))

    async def let_go(self) -> None:
        """Push again after a restore: somebody has compared."""
        now = self._clock.now()
        await stored(self._database.write(lambda session: queries.let_go(session, now)))
        self._held = None
        self.resume()

    async def start(self) -> None:
        """Push by itself from now on."""
        self._task = self._tasks.start(self._run(), "outbox")

    async def stop(self) -> None:
        """Push nothing more; what waits stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def wake(self) -> None:
        """Look for something to push soon."""
        self._wake.set()

    def is_closed_for(self, kind: str) -> Message | None:
        """Return why a push of that kind would not be tried now, or None."""
        breaker = self._breaker
        if self._held is not None:
            return self._held
        stopped = breaker.stopped.get(rules.EVERY) or breaker.stopped.get(kind)
        if stopped is not None:
            return stopped
        if breaker.failures and self._clock.monotonic() < breaker.opened_until:
            return breaker.reason
        return None

    def note_answer(self) -> None:
        """Close the breaker: the server answers again."""
        if self._breaker.failures:
            self._breaker.failures, self._breaker.reason = 0, None
            self._publish()

    def note_failure(self, kind: str, error: RemoteError) -> None:
        """Open the breaker, or stop the kind until somebody resumes."""
        breaker = self._breaker
        if error.fault.needs_operator:
            scope = rules.EVERY if error.fault is Fault.KEY_REFUSED else kind
            if scope not in breaker.stopped:
                _log.error("pushing to Supabase stopped: %s", error)
            breaker.stopped[scope] = error.message
        else:
            breaker.failures += 1
            breaker.reason = error.message
            wait_s = rules.wait_s(breaker.failures, self._chance(), error.retry_after_s)
            breaker.opened_until = self._clock.monotonic() + wait_s
        self.failed.emit(error)
        self._publish()

    def resume(self) -> None:
        """Try everything again now: a key, a policy or a table was put right."""
        ensure_may_change()
        self._breaker = _Breaker()
        self._publish()
        self.wake()

    async def entries(self, limit: int = 500) -> list[Entry]:
        """Return what has not arrived, the oldest first."""
        rows = await stored(self._database.read(lambda session: queries.all_rows(session, limit)))
        return [to_entry(row) for row in rows]

    async def retry(self, entry_id: int) -> None:
        """Let a dead or disputed push be tried again; raise NotFoundError."""
        now = self._clock.now()
        await self._change(entry_id, lambda session: queries.revive(session, entry_id, now))
        self.wake()

    async def discard(self, entry_id: int) -> None:
        """Give a push up: the remote row stays as it is; raise NotFoundError."""

        def change(session: Any) -> None:
            if not queries.take_away(session, entry_id):
                raise RowNotFoundError(f"outbox {entry_id}")

        await self._change(entry_id, change)

    async def refresh(self) -> OutboxView:
        """Return the view after the rows were counted again."""
        self._show(await stored(self._database.read(queries.counts)))
        return self.view

    async def flush(
        self, *, kinds: Collection[str] = (), on_progress: Progress | None = None
    ) -> FlushReport:
        """Push what waits until nothing is left or something stops it; never raises for the network."""
        async with self._lock:
            total = (await self.refresh()).waiting
            tally = PushTally(total, on_progress)
            pusher = Pusher(self._database, self._clock, tally, self._tell)
            reason: Message | None = None
            for kind, carrier in self._carriers.items():
                if kinds and kind not in kinds:
                    continue
                reason = self.is_closed_for(kind)
                if reason is None:
                    reason = await self._flush_kind(pusher, carrier)
                if reason is not None and kind not in self._breaker.stopped:
                    break
            self.view = replace(self.view, done=0, total=0)
            view = await self.refresh()
            report = FlushReport(
                tally.pushed, tally.conflicts, tally.refused, view.waiting, reason or tally.reason
            )
        if tally.done:
            self.flushed.emit(report)
        return report

    async def _flush_kind(self, pusher: Pusher, carrier: Carrier) -> Message | None:
        """Return why it stopped early, or None when every row of the kind was tried."""
        try:
            async for _ in pusher.batches(carrier):
                self.note_answer()
        except RemoteError as error:
            self.note_failure(carrier.kind, error)
            return error.message
        return None

    async def _run(self) -> None:
        while True:
            await self._pause()
            self._wake.clear()
            try:
                await self._push()
            except Exception:  # noqa: BLE001  # boundary: a refusing store must not end the pushes
                _log.exception("the outbox could not be pushed")

    async def _push(self) -> None:
        if not self.is_enabled() or not (await self.refresh()).waiting:
            return
        report = await self.flush()
        if report.pushed or report.refused:
            counts = (report.pushed, report.refused, report.left)
            _log.info("outbox: %d pushed, %d refused, %d left", *counts)

    async def _pause(self) -> None:
        """Return when there is something to do: woken, or the wait is over."""
        left_s = self._breaker.opened_until - self._clock.monotonic()
        is_open = bool(self._breaker.failures) and left_s > 0
        waiter = asyncio.ensure_future(self._wake.wait())
        idle = asyncio.ensure_future(self._clock.sleep(left_s if is_open else IDLE_S))
        try:
            await asyncio.wait({waiter, idle}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            idle.cancel()

    async def _change(self, entry_id: int, change: Callable[[Any], object]) -> None:
        try:
            await stored(self._database.write(change))
        except RowNotFoundError:
            raise NotFoundError("Push {id} does not wait any more", id=entry_id) from None
        await self.refresh()

    def _tell(self, done: int, total: int) -> None:
        self.view = replace(self.view, done=done, total=total)
        self.changed.emit(self.view)

    def _show(self, counts: queries.OutboxCounts) -> None:
        by_state: Mapping[str, int] = counts.by_state
        self.view = replace(
            self.view,
            waiting=by_state.get("waiting", 0),
            conflicts=by_state.get("conflict", 0),
            dead=by_state.get("dead", 0),
            oldest_at=counts.oldest_at,
        )
        self._publish()

    def _publish(self) -> None:
        breaker = self._breaker
        left_s = breaker.opened_until - self._clock.monotonic()
        is_waiting = bool(breaker.failures) and left_s > 0
        next_try = self._clock.now() + timedelta(seconds=left_s) if is_waiting else None
        self.view = replace(
            self.view,
            failures=breaker.failures,
            reason=breaker.reason,
            next_try_at=next_try,
            stopped=dict(breaker.stopped) if self._held is None else {rules.EVERY: self._held},
            is_held=self._held is not None,
        )
        self.changed.emit(self.view)
