"""Every change of an execution in one order: numbered, committed, then told, one batch at a time."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.queries import executions as queries
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
BATCH_MAX = 200  # changes in one commit

Write = Callable[[Session, int], Any]  # in the writer's thread, told its sequence number
After = Callable[[int, Any], None]  # on the loop, in the order of the numbers


@dataclass(slots=True, eq=False)
class _Change:
    write: Write
    after: After | None
    done: "asyncio.Future[Any]"


class Ledger:
    """Numbers changes in the order they are committed and told; one write is under way at a time.

    So a client that saw number N has seen every change up to N, and the row's own number finds
    what it missed, also after the process was restarted.
    """

    def __init__(self, database: Database, tasks: Tasks) -> None:
        """Start with nothing to write; the first number is read from the store."""
        self._database = database
        self._tasks = tasks
        self._changes: deque[_Change] = deque()
        self._seq = 0  # the newest number given away
        self._is_pumping = False

    @property
    def seq(self) -> int:
        """The newest number given away, 0 before the first change of this start."""
        return self._seq

    async def put(self, write: Write, after: After | None = None) -> Any:
        """Return what the change returned, once it is on disk and `after` has told of it.

        Raises DatabaseUnavailableError, or the change's own error. A caller that is cancelled
        takes nothing back.
        """
        change = _Change(write, after, asyncio.get_running_loop().create_future())
        self._changes.append(change)
        self._run()
        return await asyncio.shield(change.done)

    def _run(self, _ended: "asyncio.Task[None] | None" = None) -> None:
        """Start the pump when something waits; again when it was cancelled before its first step."""
        if _ended is not None:
            self._is_pumping = False
        if self._changes and not self._is_pumping:
            self._is_pumping = True
            task = self._tasks.start(self._pump(), "executions ledger")
            task.add_done_callback(self._run)

    async def _pump(self) -> None:
        """Write what waits until nothing waits; a cancel is put off until then."""
        while self._changes:
            count = min(BATCH_MAX, len(self._changes))
            batch = [self._changes.popleft() for _ in range(count)]
            # Not one of Tasks: their stop must not take back what was already promised.
            writing = asyncio.ensure_future(self._write(batch))
            while not writing.done():
                try:
                    await asyncio.wait({writing})
                except asyncio.CancelledError:
                    _log.debug("the ledger writes what it has before it stops")
            self._settle(batch, writing)

    async def _write(self, batch: list[_Change]) -> tuple[int, list[Any]]:
        def apply(session: Session) -> tuple[int, list[Any]]:
            # The journal numbers what it writes back itself: the store knows the newest number.
            first = max(self._seq, queries.newest_seq(session)) + 1
            return first, queries.apply_each(session, [change.write for change in batch], first)

        return await self._database.write(apply)

    def _settle(
        self, batch: list[_Change], writing: "asyncio.Future[tuple[int, list[Any]]]"
    ) -> None:
        error = writing.exception()
        if error is not None:
            for change in batch:
                _fail(change, error)
            return
        first, values = writing.result()
        self._seq = first + len(batch) - 1
        for seq, (change, value) in enumerate(zip(batch, values, strict=True), first):
            if isinstance(value, Exception):
                _fail(change, value)
                continue
            self._tell(change, seq, value)

    def _tell(self, change: _Change, seq: int, value: Any) -> None:
        try:
            if change.after is not None:
                change.after(seq, value)
        except Exception as error:  # noqa: BLE001  # boundary: the next changes must be told too
            _log.exception("a change was stored but not told")
            _fail(change, error)
            return
        if not change.done.done():
            change.done.set_result(value)


def _fail(change: _Change, error: BaseException) -> None:
    if not change.done.done():
        change.done.set_exception(error)
        change.done.exception()  # seen, also when its caller is gone
