"""Live: the one bridge from a Signal to a browser: subscribe, coalesce, end with the element."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from nicegui import Client, background_tasks, context, ui

from services.foundation.signals import Signal

_log = logging.getLogger(__name__)
_MOST = 10_000  # values kept between two draws; older ones are dropped
# Changes that belong together come in two strokes: the first is committed alone, the rest with the
# next commit. So two draws may follow each other closely; after that there are eight a second, and
# never more than ten within one.
_CLOSELY = 2
_GATHER_S = 0.008
_SLOWER = 1.25
T = TypeVar("T")
Draw = Callable[[list[T]], None]


def on_batch(
    signal: Signal[T],
    draw: Draw[T],
    every_s: float = 0.1,
    *,
    keep: Callable[[T], bool] | None = None,
    first_s: float = 0.0,
) -> Callable[[], None]:
    """Call `draw` with all values since the last call (oldest first); return what ends it early.

    `keep` leaves out the values it answers False for; `first_s` lets what matters more go first.

    The first value is drawn at once, what follows together: at most ten calls a second (with
    `every_s` of 0.1), two of them close to each other after a rest. It runs in the slot in which it
    was set up (words and new elements belong to that page) and ends when that element or its client
    is deleted, also inside sub pages.
    """
    anchor = _Anchor()
    batch = _Batch(anchor, draw, every_s, first_s)

    def hear(value: T) -> None:
        if keep is None or keep(value):
            batch.add(value)

    anchor.ends.append(signal.subscribe(hear))
    anchor.ends.append(batch.stop)
    return anchor.end


def can_push(client: Client) -> bool:
    """Return whether a run_method would reach the browser now; prop changes need no such question."""
    return client.has_socket_connection and not client.is_deleted


def when_deleted(end: Callable[[], None]) -> None:
    """Call `end` once when the element around this place is deleted."""
    _Anchor().ends.append(end)


def on_return(draw: Callable[[], Awaitable[None] | None]) -> None:
    """Call `draw` whenever the browser (re)connects: what was pushed while it was away is lost.

    Props that changed meanwhile arrive by themselves; this is for what went by run_method. It runs
    in the slot in which it was set up (a coroutine enters its own) and ends with the element around
    this place.
    """
    anchor = _Anchor()
    client, slot = context.client, anchor.parent_slot
    assert slot is not None  # an element always stands in a slot

    def returned() -> None:
        with slot:
            result = draw()
        if result is not None:
            background_tasks.create(result, name="after a return")

    client.on_connect(returned)
    handlers = cast("list[Any]", client.connect_handlers)
    added = handlers[-1]
    anchor.ends.append(lambda: handlers.remove(added))


def on_path(hear: Callable[[str], None]) -> None:
    """Call `hear` with each address the client goes to, until the element around here is deleted."""
    client = context.client
    moved = _moves.get(client)
    if moved is None:
        moved = _moves[client] = Signal("client.moved")
        client.sub_pages_router.on_path_changed(moved.emit)
    _Anchor().ends.append(moved.subscribe(hear))


_moves: "WeakKeyDictionary[Client, Signal[str]]" = WeakKeyDictionary()


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

    def __init__(self, anchor: _Anchor, draw: Draw[T], every_s: float, first_s: float) -> None:
        self._anchor = anchor
        self._client = context.client
        slot = anchor.parent_slot
        assert slot is not None  # an element always stands in a slot
        self._slot = slot
        # A change is told by somebody else's task: the page draws as its own user all the same.
        self._context = copy_context()
        self._draw = draw
        self._every_s = every_s
        self._first_s = first_s
        self._waiting: list[T] = []
        self._timer: asyncio.Handle | None = None
        self._free = float(_CLOSELY)  # draws that may follow without a wait
        self._counted = 0.0

    def add(self, value: T) -> None:
        self._waiting.append(value)
        if len(self._waiting) > _MOST:
            del self._waiting[: len(self._waiting) - _MOST]
        if self._timer is not None:
            return
        self._count()
        loop = asyncio.get_running_loop()
        if self._free >= _CLOSELY and not self._first_s:  # with all that is told in this same step
            self._timer = loop.call_soon(self._flush, context=self._context)
            return
        wait_s = max(_GATHER_S, self._first_s, (1 - self._free) * self._every_s * _SLOWER)
        self._timer = loop.call_later(wait_s, self._flush, context=self._context)

    def _count(self) -> None:
        """Note how many draws are free by now."""
        now = asyncio.get_running_loop().time()
        freed = (now - self._counted) / (self._every_s * _SLOWER)
        self._free = min(float(_CLOSELY), self._free + freed)
        self._counted = now

    def _flush(self) -> None:
        self._timer = None
        if self._client.is_deleted or self._anchor.is_deleted:
            self._anchor.end()
            return
        self._count()
        self._free -= 1
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
