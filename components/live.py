"""Live: the one bridge from a Signal to a browser: subscribe, coalesce, end with the element."""

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from nicegui import Client, context, ui

from services.foundation.signals import Signal

_log = logging.getLogger(__name__)
_MOST = 10_000  # values kept between two draws; older ones are dropped
T = TypeVar("T")
Draw = Callable[[list[T]], None]


def on_batch(signal: Signal[T], draw: Draw[T], every_s: float = 0.1) -> Callable[[], None]:
    """Call `draw` with all values since the last call (oldest first); return what ends it early.

    The first value is drawn at once, then at most one call in `every_s` seconds. It runs in the
    slot in which it was set up (words and new elements belong to that page) and ends when that
    element or its client is deleted, also inside sub pages.
    """
    anchor = _Anchor()
    batch = _Batch(anchor, draw, every_s)
    anchor.ends.append(signal.subscribe(batch.add))
    anchor.ends.append(batch.stop)
    return anchor.end


def can_push(client: Client) -> bool:
    """Return whether a run_method would reach the browser now; prop changes need no such question."""
    return client.has_socket_connection and not client.is_deleted


def when_deleted(end: Callable[[], None]) -> None:
    """Call `end` once when the element around this place is deleted."""
    _Anchor().ends.append(end)


class _Anchor(ui.element):
    """An empty, hidden element whose deletion ends what hangs on it."""

    def __init__(self) -> None:
        super().__init__("span")
        self.props("hidden")
        self.ends: list[Callable[[], None]] = []

    def end(self) -> None:
        while self.ends:
            self.ends.pop()()

    def _handle_delete(self) -> None:
        self.end()
        super()._handle_delete()


class _Batch(Generic[T]):
    """Values that wait for the next draw."""

    def __init__(self, anchor: _Anchor, draw: Draw[T], every_s: float) -> None:
        self._anchor = anchor
        self._client = context.client
        slot = anchor.parent_slot
        assert slot is not None  # an element always stands in a slot
        self._slot = slot
        self._draw = draw
        self._every_s = every_s
        self._waiting: list[T] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = float("-inf")

    def add(self, value: T) -> None:
        self._waiting.append(value)
        if len(self._waiting) > _MOST:
            del self._waiting[: len(self._waiting) - _MOST]
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait_s = self._last + self._every_s - loop.time()
        if wait_s <= 0:
            self._flush()
        else:
            self._timer = loop.call_later(wait_s, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._client.is_deleted or self._anchor.is_deleted:
            self._anchor.end()
            return
        self._last = asyncio.get_running_loop().time()
        values, self._waiting = self._waiting, []
        if not values:
            return
        try:
            with self._slot:
                self._draw(values)
        except Exception:  # noqa: BLE001  # boundary: one page's drawing must not stop the others
            _log.exception("a page could not draw a change")

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()
