"""Monitor: probe every endpoint each time its interval is over, and one at once whose calls fail."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.executions.service import Executions
from services.executions.types import Execution, ExecutionState, Trigger
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, ConsoleError, InputError
from services.foundation.signals import Signal
from services.foundation.steady import Steady
from services.foundation.tasks import Tasks
from services.models.calls import CallWatch
from services.models.probing import KIND
from services.models.types import MonitorView
from services.settings.service import Settings
from services.settings.types import Preferences

_log = logging.getLogger(__name__)
LOOK_S = 5.0  # how often it is asked whether the interval is over
WIRE_S = (10, 600)  # what /llm/monitor/start takes


class Monitor:
    """The periodic probe; on and interval are preferences, so both survive a restart."""

    def __init__(
        self, executions: Executions, settings: Settings, clock: Clock, tasks: Tasks
    ) -> None:
        """Start without a task; start() begins."""
        self._executions = executions
        self._settings = settings
        self._clock = clock
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self._counted_from = clock.monotonic()
        self._last_run_at: datetime | None = None
        self._last_error = ""
        self._runs = self._failures = 0
        self._mine = ""  # the execution it started last
        self._watch_of_calls = CallWatch()
        self._suspects: list[int] = []
        self._wanted = _rule(settings.preferences)
        self.is_held: Callable[[], bool] = lambda: (
            False
        )  # this machine is offline: nobody is judged
        self.changed: Signal[None] = Signal("models.monitor_changed")
        settings.changed.subscribe(self._settings_changed)
        executions.changed.subscribe(self._execution_changed)

    async def start(self) -> None:
        """Begin; the first probe comes one interval from now."""
        self._counted_from = self._clock.monotonic()
        self._task = self._tasks.start(self._watch(), "endpoint monitor")

    async def stop(self) -> None:
        """Start no further probe."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def view(self) -> MonitorView:
        """Return the monitor as it stands now."""
        is_on, interval_s = self._wanted
        left_s = max(0.0, self._counted_from + interval_s - self._clock.monotonic())
        return MonitorView(
            is_running=is_on,
            is_probing=self._running is not None,
            interval_s=interval_s,
            last_run_at=self._last_run_at,
            next_run_at=self._clock.now() + timedelta(seconds=left_s) if is_on else None,
            last_error=self._last_error,
            runs=self._runs,
            failures=self._failures,
            calls=self._watch_of_calls.counts(),
        )

    def note_call(self, call: tuple[int, bool]) -> None:
        """Count a call that has ended, an endpoint and whether it was good; cheap: every request."""
        endpoint_id, ok = call
        if self._watch_of_calls.note(endpoint_id, ok=ok, now_s=self._clock.monotonic()):
            self._suspects.append(endpoint_id)

    async def switch(self, *, is_on: bool, interval_s: int | None = None) -> MonitorView:
        """Return the monitor after it was switched; raise InputError for an interval out of range."""
        patch: dict[str, object] = {"endpoint_probe_enabled": is_on}
        if interval_s is not None:
            low, high = WIRE_S
            if not low <= interval_s <= high:
                raise InputError(
                    "Must be a whole number from {low} to {high}, not {value}",
                    field="interval_seconds",
                    low=low,
                    high=high,
                    value=str(interval_s),
                )
            patch["endpoint_probe_interval_s"] = interval_s
        await self._settings.change(patch)
        return self.view()

    @property
    def _running(self) -> Execution | None:
        return next((e for e in self._executions.running() if e.execution_type == KIND), None)

    async def _watch(self) -> None:
        steady = Steady(_log, "the watch over endpoints")
        while True:
            await self._clock.sleep(LOOK_S)
            await steady.turn(self._look)

    async def _look(self) -> None:
        if self.is_held():
            return
        is_on, interval_s = self._wanted
        if is_on and self._clock.monotonic() - self._counted_from >= interval_s:
            self._counted_from = self._clock.monotonic()
            self._suspects.clear()
            await self._fire({})
        elif self._suspects:
            await self._look_at_suspects(is_on=is_on)

    async def _look_at_suspects(self, *, is_on: bool) -> None:
        suspects, self._suspects = self._suspects, []
        _log.warning("calls to endpoints %s fail one after the other", suspects)
        if is_on:
            await self._fire({"endpoint_ids": suspects})
        else:
            self.changed.emit(None)

    async def _fire(self, params: Mapping[str, Any]) -> None:
        self._runs += 1
        self._last_run_at = self._clock.now()
        try:
            started = await self._executions.start(
                KIND, params, trigger=Trigger.SCHEDULE, started_by="monitor"
            )
        except ConflictError:  # somebody looks already: the same answers come without us
            self._last_error = ""
        except ConsoleError as error:
            self._failures += 1
            self._last_error = str(error)
            _log.warning("the periodic probe could not be started: %s", error)
        else:
            self._mine = started.execution_id
        self.changed.emit(None)

    def _execution_changed(self, execution: Execution) -> None:
        if execution.execution_type != KIND:
            return
        if execution.execution_id == self._mine and execution.status.is_final:
            self._mine = ""
            failed = execution.status is ExecutionState.FAILED
            self._failures += failed
            self._last_error = execution.error if failed else ""
        self.changed.emit(None)

    def _settings_changed(self, preferences: Preferences) -> None:
        wanted = _rule(preferences)
        if wanted != self._wanted:  # a new rule counts from now
            self._wanted = wanted
            self._counted_from = self._clock.monotonic()
            self.changed.emit(None)


def _rule(preferences: Preferences) -> tuple[bool, int]:
    return preferences.endpoint_probe_enabled, preferences.endpoint_probe_interval_s
