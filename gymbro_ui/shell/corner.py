"""Corner: what the monitor shows: running work, what ended just now, what failed unseen."""

import asyncio
from typing import TYPE_CHECKING

from nicegui import ui

from components.frame import memory
from components.frame.monitor import Job, Monitor
from components.live import on_batch, when_deleted
from components.primitives.confirm import confirm
from components.primitives.formats import epoch_ms
from components.status.looks import EXECUTION_LOOKS, look_props
from components.words import tr
from gymbro_ui.actions import act
from services.executions.types import Execution, ExecutionState

if TYPE_CHECKING:
    from services.console import Console

FLASH_S = 5.0
_HOMES = {"e2e": "/e2e"}
_UNSEEN = (ExecutionState.FAILED, ExecutionState.INTERRUPTED, ExecutionState.TIMED_OUT)
_KEEP = 50


class Corner:
    """Keeps the monitor of one page at the present state."""

    def __init__(self, console: "Console") -> None:
        """Draw the monitor in the present slot and follow every change."""
        self._console = console
        self._ended: dict[int, Execution] = {}  # flashing now
        self._failed: dict[int, Execution] = {}  # ended badly, not yet looked at
        self._seen = memory.seen_execution()
        self._timers: set[asyncio.TimerHandle] = set()
        self._monitor = Monitor(self._open, self._cancel, self._saw)
        on_batch(console.executions.changed, self._changed)
        when_deleted(self._end)
        self._draw()

    async def load(self) -> None:
        """Read what failed while nobody looked."""
        for execution in await self._console.executions.newest(_KEEP):
            if execution.status in _UNSEEN and execution.id > self._seen:
                self._failed[execution.id] = execution
        self._draw()

    def _changed(self, batch: list[Execution]) -> None:
        for execution in batch:
            if not execution.status.is_final:
                continue
            self._ended[execution.id] = execution
            if execution.status in _UNSEEN:
                self._failed[execution.id] = execution
            loop = asyncio.get_running_loop()
            self._timers.add(loop.call_later(FLASH_S, self._forget, execution.id))
        self._draw()

    def _forget(self, key: int) -> None:
        self._ended.pop(key, None)
        if not self._monitor.is_deleted:
            self._draw()

    def _draw(self) -> None:
        running = [_job(one, flashing=False) for one in self._console.executions.running()]
        ended = [_job(one, flashing=True) for one in self._ended.values()]
        old = [
            _job(one, flashing=False)
            for key, one in sorted(self._failed.items(), reverse=True)[:10]
            if key not in self._ended
        ]
        self._monitor.show([*running, *ended, *old], len(self._failed))

    def _open(self, execution_id: str) -> None:
        for key, one in list(self._failed.items()):
            if one.execution_id == execution_id:
                self._failed.pop(key)
        kind = execution_id.partition(":")[0]
        known = [*self._console.executions.running(), *self._ended.values()]
        kind = next((x.execution_type for x in known if x.execution_id == execution_id), "e2e")
        self._draw()
        ui.navigate.to(_HOMES.get(kind, "/e2e"))

    async def _cancel(self, execution_id: str) -> None:
        agreed = await confirm(
            tr("Cancel this run?"),
            tr("What has been judged is kept; the rest is marked as cancelled."),
            accept=tr("Cancel the run"),
            danger=True,
        )
        if agreed:
            await act(lambda: self._console.executions.cancel(execution_id))

    def _saw(self) -> None:
        if self._failed:
            self._seen = max(self._failed)
            memory.saw_execution(self._seen)
            self._failed.clear()
            self._draw()

    def _end(self) -> None:
        for timer in self._timers:
            timer.cancel()


def _job(execution: Execution, *, flashing: bool) -> Job:
    judged, good = execution.meta.get("judged"), execution.meta.get("good")
    failed = judged - good if isinstance(judged, int) and isinstance(good, int) else 0
    return Job(
        id=execution.execution_id,
        label=tr(execution.label),
        look=look_props(EXECUTION_LOOKS[execution.status]),
        done=execution.done,
        total=execution.total,
        started_ms=epoch_ms(execution.started_at),
        is_running=not execution.status.is_final,
        is_cancelling=execution.is_cancelling,
        note=f"{failed} ✕" if failed > 0 else "",
        is_flashing=flashing,
    )
