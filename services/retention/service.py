"""Retention: the execution kind that deletes what is too old, a short piece at a time.

A piece is deleted with its rows found before, so the writer is held for the deletes alone. A run that
was ended goes on where it was with the next one: what is gone is gone, what is left is found again.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from db.engine import Database
from db.queries import retention as queries
from services.executions.service import Executions
from services.executions.types import (
    Control,
    Ending,
    ExecutionFilter,
    ExecutionKind,
    ExecutionState,
)
from services.foundation.clock import Clock
from services.foundation.messages import say
from services.retention.pieces import Pieces
from services.retention.types import KIND, DataKind, RetentionResult, result_of
from services.settings.service import Settings
from services.settings.types import Preferences

TIMEOUT_S = 3_600.0
Note = Callable[[str, int], Awaitable[None]]


class Retention:
    """Deletes by the days of each kind of data; unpushed changes are never among them."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, executions: Executions
    ) -> None:
        """Keep what it works on; nothing runs before an execution is started."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._executions = executions

    @property
    def kind(self) -> ExecutionKind:
        """The row of the table of kinds."""
        return ExecutionKind(
            KIND,
            say("Clean up old data").text,
            "auto_delete",
            self.run,
            timeout_s=TIMEOUT_S,
            group="maintenance",
            home="/settings",
        )

    async def last(self) -> RetentionResult | None:
        """Return the newest run, None before the first."""
        page = await self._executions.page(ExecutionFilter(kinds=(KIND,)), limit=1)
        return result_of(page.rows[0]) if page.rows else None

    async def run(self, _params: Mapping[str, Any], control: Control) -> Ending:
        """Return what was deleted of each kind, and by how much the file shrank."""
        pieces = Pieces(self._clock)
        deleted: dict[str, int] = {}
        kinds = list(DataKind)
        never_pushed = await self._never_pushed()
        for done, kind in enumerate(kinds):
            await control.progress(done, len(kinds) + 1)
            before = self._clock.now() - timedelta(days=days_of(self._settings.preferences, kind))
            deleted[kind] = 0
            async for count in self._delete(kind, before, pieces):
                deleted[kind] += count
            control.append_output(f"{kind}: {deleted[kind]} deleted, before {before:%Y-%m-%d}\n")
        await control.progress(len(kinds), len(kinds) + 1)
        freed = await self._shrink(pieces)
        unpushed = await self._database.read(queries.count_unpushed)
        await control.progress(len(kinds) + 1, len(kinds) + 1)
        control.append_output(
            f"file: {freed} bytes given back\noutbox: {unpushed} unpushed changes kept\n"
            f"days of figures deleted that never arrived at Supabase: {never_pushed}\n"
            f"longest piece: {pieces.longest_ms} ms\n"
        )
        meta = {
            "deleted": {str(kind): count for kind, count in deleted.items()},
            "freed_bytes": freed,
            "unpushed": unpushed,
            "never_pushed": never_pushed,
            "longest_ms": pieces.longest_ms,
        }
        return Ending(ExecutionState.SUCCEEDED, meta=meta)

    async def _never_pushed(self) -> int:
        """Return how many days of figures go now although Supabase never had them."""
        days = days_of(self._settings.preferences, DataKind.STATS)
        before = self._clock.now() - timedelta(days=days)
        return await self._database.read(lambda s: queries.count_days_never_pushed(s, before))

    def _delete(self, kind: DataKind, before: datetime, pieces: Pieces) -> AsyncIterator[int]:
        if kind is DataKind.EXECUTIONS:
            return pieces.each(lambda size: self._executions.prune_some(before, size))
        if kind is DataKind.E2E:
            return self._delete_e2e(before, pieces)
        if kind is DataKind.LOAD:
            return self._delete_load(before, pieces)
        return self._delete_aged(kind, before, pieces)

    async def _delete_aged(
        self, kind: DataKind, before: datetime, pieces: Pieces
    ) -> AsyncIterator[int]:
        for aged in queries.AGED[kind]:
            find = functools.partial(self._find_aged, aged, before)
            drop = functools.partial(queries.drop_aged, aged=aged)
            async for count in self._each(
                find, lambda s, keys, drop=drop: drop(s, keys=keys), pieces
            ):
                yield count

    async def _find_aged(self, aged: queries.Aged, before: datetime, size: int) -> list[Any]:
        return await self._database.read(lambda s: queries.find_aged(s, aged, before, size))

    async def _delete_e2e(self, before: datetime, pieces: Pieces) -> AsyncIterator[int]:
        while launches := await self._database.read(lambda s: queries.find_launches(s, before)):
            find = functools.partial(self._find_cells, launches)
            async for count in self._each(find, queries.drop_cells, pieces):
                yield count
            yield await pieces.timed(
                self._database.write(functools.partial(queries.drop_launches, launches=launches))
            )
        find = functools.partial(self._find_slots, before)
        async for count in self._each(find, queries.drop_slots, pieces):
            yield count
        async for count in self._delete_aged(DataKind.E2E, before, pieces):
            yield count

    async def _delete_load(self, before: datetime, pieces: Pieces) -> AsyncIterator[int]:
        while runs := await self._database.read(lambda s: queries.find_load_runs(s, before)):
            find = functools.partial(self._find_calls, runs)
            async for count in self._each(find, queries.drop_calls, pieces):
                yield count
            yield await pieces.timed(
                self._database.write(functools.partial(queries.drop_load_runs, runs=runs))
            )
        find = functools.partial(self._find_turns, before)
        async for count in self._each(find, queries.drop_calls, pieces):
            yield count

    async def _find_calls(self, runs: list[int], size: int) -> list[Any]:
        return await self._database.read(lambda s: queries.find_calls(s, runs, size))

    async def _find_turns(self, before: datetime, size: int) -> list[Any]:
        return await self._database.read(lambda s: queries.find_turns(s, before, size))

    async def _find_cells(self, launches: list[int], size: int) -> list[Any]:
        return await self._database.read(lambda s: queries.find_cells(s, launches, size))

    async def _find_slots(self, before: datetime, size: int) -> list[Any]:
        return await self._database.read(lambda s: queries.find_slots(s, before, size))

    def _each(
        self,
        find: Callable[[int], Awaitable[list[Any]]],
        drop: Callable[[Any, list[Any]], int],
        pieces: Pieces,
    ) -> AsyncIterator[int]:
        """Yield the count of each piece until nothing is found."""

        async def piece(size: int) -> int:
            keys = await find(size)
            if not keys:
                return 0
            return await self._database.write(lambda s: max(1, drop(s, keys)))

        return pieces.each(piece)

    async def _shrink(self, pieces: Pieces) -> int:
        """Return the bytes given back to the disk."""
        free, page_bytes = await self._database.read(queries.free_pages)
        gone = 0
        if free:
            async for count in pieces.each(
                lambda size: self._database.write(lambda s: queries.shrink(s, size))
            ):
                gone += count
        return gone * page_bytes


def days_of(preferences: Preferences, kind: DataKind) -> int:
    """Return for how many days this kind of data is kept."""
    return {
        DataKind.E2E: preferences.retention_e2e_days,
        DataKind.EXECUTIONS: preferences.retention_executions_days,
        DataKind.MESSAGES: preferences.retention_days,
        DataKind.AUDIT: preferences.retention_audit_days,
        DataKind.STATS: preferences.retention_stats_days,
        DataKind.LOAD: preferences.retention_load_days,
    }[kind]
