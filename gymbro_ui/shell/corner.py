"""Corner: what the monitor shows: running work, what ended just now, what failed unseen."""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from nicegui import app, ui

from components.executions.rows import address_of, row_texts, run_of
from components.frame import memory
from components.frame.monitor import Monitor, MonitorCalls, Scene
from components.live import on_batch, on_path, on_return, when_deleted
from components.status.looks import EXECUTION_LOOKS, look_props
from gymbro_ui.run_actions import cancel_runs
from services.executions.types import Execution, ExecutionFilter, ExecutionState
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
FLASH_S = 5.0
BEHIND_S = 0.04  # the page's own rows change first
UNSEEN = (ExecutionState.FAILED, ExecutionState.INTERRUPTED, ExecutionState.TIMED_OUT)
UNSEEN_MOST = 50
ROWS_MOST = 24
FLASHES_MOST = 3
_DETAIL = "/executions/"
_open_corners: "WeakSet[Corner]" = WeakSet()


class Corner:
    """Keeps the monitor of one page at the present state."""

    def __init__(self, console: "Console") -> None:
        """Draw the monitor in the present slot and follow every change."""
        self._console = console
        self._browser = cast("dict[str, Any]", app.storage.browser).get("id")
        self._ended: dict[int, Execution] = {}  # flashing now
        self._failed: dict[int, Execution] = {}  # ended badly, not yet looked at
        self._timers: set[asyncio.TimerHandle] = set()
        calls = MonitorCalls(
            open=self._open, cancel=self._cancel, seen=self._saw_all, toggle=self._toggle
        )
        self._monitor = Monitor(calls, is_open=memory.is_monitor_open())
        on_batch(console.executions.changed, self._changed, first_s=BEHIND_S)
        on_path(self._moved)
        on_return(self.load)
        when_deleted(self._end)
        _open_corners.add(self)
        self._draw()

    async def load(self) -> None:
        """Read what failed while nobody looked."""
        wanted = ExecutionFilter(states=UNSEEN)
        try:
            found = await self._console.executions.page(wanted, limit=UNSEEN_MOST)
        except ConsoleError as error:
            _log.warning("what failed unseen could not be read: %s", error)
            return
        with self._monitor:
            self._failed = {one.id: one for one in found.rows if self._is_unseen(one)}
            self._moved(self._monitor.client.sub_pages_router.current_path)
            self._draw()

    def _is_unseen(self, one: Execution) -> bool:
        """A part is told by what it is a part of."""
        return (
            one.status in UNSEEN and one.parent_id is None and not memory.was_execution_seen(one.id)
        )

    def _changed(self, batch: list[Execution]) -> None:
        for one in batch:
            if not one.status.is_final or one.parent_id is not None:
                continue
            self._ended[one.id] = one
            if self._is_unseen(one):
                self._failed[one.id] = one
                self._trim()
            timer = asyncio.get_running_loop().call_later(FLASH_S, self._forget, one.id)
            self._timers.add(timer)
        self._draw()

    def _trim(self) -> None:
        while len(self._failed) > UNSEEN_MOST:
            del self._failed[min(self._failed)]

    def _forget(self, number: int) -> None:
        self._ended.pop(number, None)
        now = asyncio.get_running_loop().time()
        self._timers = {timer for timer in self._timers if timer.when() > now}
        if not self._monitor.is_deleted:
            with self._monitor:
                self._draw()

    def _draw(self) -> None:
        executions = self._console.executions
        counts = executions.counts()
        present = executions.running() if self._monitor.is_open or counts.total == 1 else ()
        one = present[0] if counts.total == 1 and present else None
        rows, more = self._rows(present) if self._monitor.is_open else ((), 0)
        self._monitor.show(
            Scene(
                count=counts.total,
                waiting=counts.pending,
                share=f"{one.done}/{one.total}" if one is not None and one.total else "",
                jobs=rows,
                more=more,
                ended=self._flashes(),
                failed=len(self._failed),
            )
        )

    def _rows(self, present: tuple[Execution, ...]) -> tuple[tuple[str, ...], int]:
        """Return what is open, what just ended, what failed unseen, and how many are left out."""
        ended = [one for one in self._ended.values() if one.id not in self._failed]
        failed = sorted(self._failed.values(), key=lambda one: -one.id)
        shown = [*present, *ended, *failed]
        console = self._console
        zone = console.settings.preferences.e2e_timezone
        rows = row_texts(shown[:ROWS_MOST], console.executions.kinds, zone, console.clock.now())
        return tuple(rows), max(0, len(shown) - ROWS_MOST)

    def _flashes(self) -> tuple[Mapping[str, Any], ...]:
        newest = list(self._ended.values())[-FLASHES_MOST:]
        looks = [(one.execution_id, look_props(EXECUTION_LOOKS[one.status])) for one in newest]
        return tuple({"key": key, **look} for key, look in looks)

    # -- what an operator does

    def _toggle(self, is_open: bool) -> None:  # noqa: FBT001  # a widget's callback
        memory.open_monitor(is_open=is_open)
        self._draw()

    def _open(self, key: str) -> None:
        known = (*self._console.executions.running(), *self._ended.values(), *self._failed.values())
        one = next((one for one in known if one.execution_id == key), None)
        ui.navigate.to(_DETAIL + key if one is None else address_of(one))

    async def _cancel(self, key: str) -> None:
        await cancel_runs(self._console, [key])

    def _moved(self, path: str) -> None:
        """A failed run counts as seen once its page was opened, from wherever."""
        key = run_of(path)
        found = [x.id for x in self._failed.values() if key in (x.execution_id, str(x.id))]
        if found:
            with self._monitor:
                self._saw(found)

    def _saw_all(self) -> None:
        self._saw(list(self._failed))

    def _saw(self, numbers: list[int]) -> None:
        """Remember it, here and on the other pages of this browser."""
        memory.saw_executions(numbers)
        for corner in list(_open_corners):
            if corner is self or (self._browser and corner._browser == self._browser):  # noqa: SLF001  # its own kind
                corner._drop(numbers)  # noqa: SLF001

    def _drop(self, numbers: list[int]) -> None:
        for number in numbers:
            self._failed.pop(number, None)
        if not self._monitor.is_deleted:
            with self._monitor:
                self._draw()

    def _end(self) -> None:
        _open_corners.discard(self)
        for timer in self._timers:
            timer.cancel()
