"""Reader: every question about executions; what is open is answered from memory, the rest read."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from db.tables.executions import ExecutionRow
from services.executions import output
from services.executions.records import to_execution
from services.executions.roster import Roster
from services.executions.store import PRUNE_BATCH, ExecutionStore
from services.executions.types import (
    Execution,
    ExecutionEvent,
    ExecutionFilter,
    ExecutionPage,
    ExecutionState,
    OpenCounts,
)
from services.foundation.errors import NotFoundError
from services.foundation.storing import stored

PAGE_MAX = 200
NEWEST_MAX = 500
PARTS_MAX = 1_000
EVENTS_READ_MAX = 2_000
PIECE_MAX = 1_000_000  # characters of an output read at once
_ALL = ExecutionFilter()


class ExecutionReader:
    """Lists, pages, one execution, its timeline, its parts, its output."""

    def __init__(
        self,
        store: ExecutionStore,
        roster: Roster,
        unsaved: Mapping[str, Execution],
        folder: Path | None,
    ) -> None:
        """Answer from the store, the open runs over it; `folder` holds long outputs."""
        self._store = store
        self._roster = roster
        self._unsaved = unsaved
        self._folder = folder

    @property
    def limit(self) -> int:
        """How many may run at once."""
        raise NotImplementedError

    def running(self) -> tuple[Execution, ...]:
        """Return what has not ended, oldest first; what waits has its queue_place."""
        places = self._roster.places()
        return tuple(
            replace(one, queue_place=places.get(one.execution_id, 0)) if places else one
            for one in self._roster.present()
        )

    def counts(self) -> OpenCounts:
        """Return how many run and how many wait."""
        waiting, abroad = len(self._roster.waiting()), self._roster.abroad.values()
        running = len(self._roster) - waiting
        if abroad:
            waiting += sum(one.status is ExecutionState.PENDING for one in abroad)
            running += sum(one.status is ExecutionState.RUNNING for one in abroad)
        return OpenCounts(running, waiting, self.limit)

    async def wait(self, execution_id: str) -> Execution:
        """Return the execution once it has ended."""
        run = self._roster.find(execution_id)
        if run is None:
            return await self.get(execution_id)
        await run.ended.wait()
        return run.execution

    async def newest(self, limit: int = 50) -> list[Execution]:
        """Return the newest executions, newest first."""
        rows = await stored(self._store.newest(max(1, min(limit, NEWEST_MAX))))
        return [self._present(row) for row in rows]

    async def page(
        self, wanted: ExecutionFilter = _ALL, *, before: int | None = None, limit: int = 50
    ) -> ExecutionPage:
        """Return the executions before that number, newest first, at most 200.

        A text is looked for in the next 25,000 rows of the filter; `is_partial` says when it
        stopped there, and next_before goes on.
        """
        limit = max(1, min(limit, PAGE_MAX))
        rows, following, is_partial = await stored(self._store.page(wanted, before, limit))
        return ExecutionPage(tuple(self._present(row) for row in rows), following, is_partial)

    async def get(self, execution_id: str) -> Execution:
        """Return one execution by its text id or its number; raise NotFoundError."""
        row = await stored(self._store.find(execution_id))
        if row is None:
            raise NotFoundError("There is no execution {id}", id=execution_id[:40])
        return self._present(row)

    async def events(
        self, execution_id: str, *, since: int = 0, limit: int = 500
    ) -> list[ExecutionEvent]:
        """Return its timeline after that number, oldest first; raise NotFoundError."""
        number = (await self.get(execution_id)).id
        limit = max(1, min(limit, EVENTS_READ_MAX))
        return await stored(self._store.events(number, since, limit))

    async def children(self, execution_id: str) -> list[Execution]:
        """Return its parts, oldest first; raise NotFoundError."""
        number = (await self.get(execution_id)).id
        return [self._present(row) for row in await stored(self._store.parts(number, PARTS_MAX))]

    async def changed_since(self, seq: int, limit: int = 1_000) -> list[Execution]:
        """Return what changed after that announcement, each once, in the order of its last change."""
        rows = await stored(self._store.changed_since(seq, limit))
        return [self._present(row) for row in rows]

    async def newest_seq(self) -> int:
        """Return the number of the newest announcement, also of one before a restart."""
        return await stored(self._store.newest_seq())

    async def read_output(self, execution_id: str, *, offset: int = 0, limit: int = 65_536) -> str:
        """Return a piece of the whole output, counted in characters; raise NotFoundError."""
        execution = await self.get(execution_id)
        limit = max(1, min(limit, PIECE_MAX))
        if execution.output_size <= len(execution.output) or self._folder is None:
            return execution.output[offset : offset + limit]
        path = output.file_of(self._folder, execution.execution_id)
        return await asyncio.to_thread(output.read_piece, path, offset, limit)

    async def whole_output(self, one: Execution) -> AsyncIterator[str]:
        """Yield all it said, piece by piece; what its row keeps where there is no file."""
        found = False
        if self._folder is not None and one.output_size > len(one.output):
            async for text in output.pieces(output.file_of(self._folder, one.execution_id)):
                found = True
                yield text
        if not found:
            yield one.output

    async def prune(self, before: datetime) -> int:
        """Remove what ended before, with timelines and outputs; return how many. Open ones stay."""
        count = 0
        while gone := await self.prune_some(before, PRUNE_BATCH):
            count += gone
        return count

    async def prune_some(self, before: datetime, limit: int) -> int:
        """Remove at most that many of what ended before; return how many, 0 when none is left."""
        gone = await stored(self._store.delete_ended(before, limit))
        if gone and self._folder is not None:
            await asyncio.to_thread(output.remove_files, self._folder, gone)
        return len(gone)

    def _present(self, row: ExecutionRow) -> Execution:
        run = self._roster.find(row.execution_id)
        if run is None:
            ended = self._unsaved.get(row.execution_id) or self._roster.ended(row.execution_id)
            return ended if ended is not None and ended.seq >= row.seq else to_execution(row)
        place = self._roster.places().get(row.execution_id, 0)
        return replace(run.snapshot(), queue_place=place)
