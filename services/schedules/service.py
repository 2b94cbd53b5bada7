"""Fire each due slot once, over restarts, sleeps, clock jumps and a second process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, time

from db.engine import Database
from db.errors import DatabaseUnavailableError
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError
from services.foundation.ids import new_id
from services.foundation.signals import Signal
from services.foundation.tasks import Tasks
from services.schedules import triggers
from services.schedules.beat import TICK_S, Beat
from services.schedules.book import SlotBook
from services.schedules.types import OffSpan, Rule, ScheduleView, Slot, SlotState
from services.schedules.uptime import Uptime
from services.settings.service import Settings
from services.settings.types import Preferences

_log = logging.getLogger(__name__)
LOOK_S = 5.0  # how often the two clocks are compared
BEAT_DELAY_S = 3.0  # the beat's library is loaded after the first page
Fire = Callable[[datetime], Awaitable[str]]  # slot to execution id; ConflictError: one runs


class Schedules:
    """The one schedule, `e2e`: its rule comes from the settings, its slots are on disk."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, tasks: Tasks) -> None:
        """Start without having read anything; load() or start() does."""
        self._clock = clock
        self._settings = settings
        self._tasks = tasks
        boot_id = new_id("boot")
        self._book = SlotBook(database, clock, "e2e", boot_id)
        self._uptime = Uptime(database, clock, boot_id)
        self._beat = Beat(self.tick)
        self._lock = asyncio.Lock()
        self._fire: Fire | None = None
        self._watch_task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._last_tick_at: datetime | None = None
        self._ticked = clock.monotonic()
        self.may_fire: Callable[[], bool] = lambda: True  # several consoles: whether this one leads
        self.changed: Signal[ScheduleView] = Signal("schedules.changed")

    def load(self) -> None:
        """Read the slots and apply the present settings; a changed rule counts from now."""
        self._book.load()
        rule, zone, is_enabled = self._wanted()
        self._book.apply_now(rule, zone, is_enabled=is_enabled)

    async def reload(self) -> None:
        """Show what the leader of several consoles did; never while this one fires."""
        if self._fire is None:
            async with self._lock:
                await asyncio.to_thread(self._book.load)
            self.changed.emit(self.view())

    def _wanted(self) -> tuple[Rule, str, bool]:
        preferences = self._settings.preferences
        rule = triggers.rule_of(preferences.e2e_interval_hours, preferences.daily_time)
        return rule, preferences.e2e_timezone, preferences.e2e_enabled

    # -- life

    async def start(self, fire: Fire) -> None:
        """Begin to fire due slots with the given function."""
        if not self._book.is_loaded:
            await asyncio.to_thread(self.load)
        self._fire = fire
        self._unsubscribe = self._settings.changed.subscribe(self._on_settings)
        self._watch_task = self._tasks.start(self._watch(), "schedules watch")

    async def stop(self) -> None:
        """Fire nothing from now on; a run that was started goes its own way."""
        self._fire = None
        self._beat.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._watch_task is not None:
            self._watch_task.cancel()
            await asyncio.wait({self._watch_task})
            await self._uptime.note(self._clock.now())

    async def _watch(self) -> None:
        """Compare the clocks on monotonic time, and tick when the beat is late or the clock jumped."""
        begun = self._clock.monotonic()
        try:
            await self._uptime.look()
        except Exception:  # noqa: BLE001  # boundary: as in the loop below
            _log.exception("the first look at the clocks failed")
        await self._tick_safely()
        while True:
            await self._clock.sleep(LOOK_S)
            try:
                await self._look(begun)
            except Exception:  # noqa: BLE001  # boundary: a watch that ended would end the schedule
                _log.exception("a look at the schedule failed")

    async def _look(self, begun: float) -> None:
        monotonic = self._clock.monotonic()
        jump = await self._uptime.look()
        if jump or monotonic - self._ticked > 2 * TICK_S:
            self._beat.realign()
            await self._tick_safely()
        if not self._beat.is_running and monotonic - begun >= BEAT_DELAY_S:
            self._beat.start()

    async def _tick_safely(self) -> None:
        try:
            await self.tick()
        except Exception:  # noqa: BLE001  # boundary: the schedule goes on whatever one tick meets
            _log.exception("a tick of the schedule failed")

    # -- settings

    def _on_settings(self, _preferences: Preferences) -> None:
        self._tasks.start(self._apply(), "schedules apply")

    async def _apply(self) -> None:
        async with self._lock:
            rule, zone, is_enabled = self._wanted()
            await self._book.apply(rule, zone, is_enabled=is_enabled)
        self.changed.emit(self.view())

    # -- the tick

    async def tick(self) -> None:
        """Fire what is due now, once; note what was missed."""
        async with self._lock:
            now = self._clock.now()
            self._last_tick_at = now
            self._ticked = self._clock.monotonic()
            fire = self._fire
            if fire is not None and self._book.is_enabled and self.may_fire():
                for slot, state in await self._book.claim_due(now):
                    self._tasks.start(self._run(fire, slot, state), f"slot {slot.isoformat()}")
        self.changed.emit(self.view())

    async def _run(self, fire: Fire, slot_at: datetime, state: SlotState) -> None:
        execution_id = ""
        try:
            execution_id = await fire(slot_at)
        except ConflictError as error:
            _log.warning("slot %s skipped: %s", slot_at.isoformat(), error)
            state, execution_id = SlotState.SKIPPED, error.existing_id
        except Exception:  # noqa: BLE001  # boundary: a start that fails is a missed slot, told so
            _log.exception("slot %s could not be started", slot_at.isoformat())
            state = SlotState.MISSED
        try:
            await self._book.settle(slot_at, state, execution_id)
        except DatabaseUnavailableError as error:
            _log.error("slot %s: %s could not be noted: %s", slot_at.isoformat(), state, error)
        self.changed.emit(self.view())

    # -- questions

    def view(self) -> ScheduleView:
        """Return the schedule as it stands now."""
        rule, zone, is_enabled = self._wanted()
        return ScheduleView(
            is_enabled=is_enabled,
            rule=rule,
            zone=zone,
            next_at=self._book.next_at(rule, zone, self._clock.now()) if is_enabled else None,
            last_slot=self._book.last,
            last_tick_at=self._last_tick_at,
            missed=self._book.missed,
            launches_per_day=triggers.launches_per_day(rule),
        )

    def preview(self, interval_hours: int | None, daily_time: time, zone: str) -> ScheduleView:
        """Return the schedule as it would stand with these settings, switched on."""
        rule = triggers.rule_of(interval_hours, daily_time)
        view = self.view()
        if view.is_enabled and (view.rule, view.zone) == (rule, zone):
            return view
        next_at = triggers.next_slot(rule, zone, self._clock.now())  # a new rule counts from now
        per_day = triggers.launches_per_day(rule)
        return replace(
            view, is_enabled=True, rule=rule, zone=zone, next_at=next_at, launches_per_day=per_day
        )

    @property
    def last_slot(self) -> Slot | None:
        """The latest slot of any state."""
        return self._book.last

    async def off_spans(
        self, start: datetime, end: datetime, *, is_demo: bool = False
    ) -> list[OffSpan]:
        """Return when the console did not run between start and end."""
        return await self._uptime.off_spans(start, end, is_demo=is_demo)
