"""Every change of an execution in one order: numbered, committed, then told, one batch at a time."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import executions as queries
from services.foundation.tasks import Tasks

_log = logging.getLogger(__name__)
BATCH_MAX = 200  # changes in one commit

Write = Callable[[Session, int], Any]  # in the writer's thread, told its sequence number
Hear = Callable[[int, int | None], Awaitable[int]]  # tells what others changed between two numbers
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
        self._hear: Hear | None = None
        self._turn = asyncio.Lock()  # what was heard is told between two batches

    @property
    def seq(self) -> int:
        """The newest number given away, 0 before the first change of this start."""
        return self._seq

    def begin_at(self, seq: int, hear: Hear) -> None:
        """Count from there; others write to the same store, and `hear` tells what they changed."""
        self._seq, self._hear = max(self._seq, seq), hear

    async def catch_up(self) -> None:
        """Tell what other consoles changed up to now."""
        async with self._turn:
            if self._hear is not None:
                self._seq = max(self._seq, await self._hear(self._seq, None))

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
            writing = asyncio.ensure_future(self._commit(batch))
            while not writing.done():
                try:
                    await asyncio.wait({writing})
                except asyncio.CancelledError:
                    _log.debug("the ledger writes what it has before it stops")
            if (error := writing.exception()) is not None:
                for change in batch:
                    _fail(change, error)

    async def _commit(self, batch: list[_Change]) -> None:
        async with self._turn:
            first, values = await self._write(batch)
            if self._hear is not None and first > self._seq + 1:  # others were between
                await self._hear_before(self._hear, first)
            self._settle(batch, first, values)

    async def _hear_before(self, hear: Hear, first: int) -> None:
        try:
            await hear(self._seq, first)
        except DatabaseUnavailableError as error:  # what was written stays written
            _log.warning("what other consoles changed could not be told: %s", error)

    async def _write(self, batch: list[_Change]) -> tuple[int, list[Any]]:
        def apply(session: Session) -> tuple[int, list[Any]]:
            # The journal numbers what it writes back itself: the store knows the newest number.
            first = max(self._seq, queries.newest_seq(session)) + 1
            return first, queries.apply_each(session, [change.write for change in batch], first)

        return await self._database.write(apply)

    def _settle(self, batch: list[_Change], first: int, values: list[Any]) -> None:
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
