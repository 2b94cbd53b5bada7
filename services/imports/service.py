"""Imports: what an original database holds, taken once however often it is asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from db.engine import Database
from db.queries import imports as queries
from services.audit.books import Books
from services.foundation.clock import Clock
from services.foundation.storing import stored
from services.imports.calls import ConversationTaker, PromptTestTaker
from services.imports.catalogue import BlockedTaker, EndpointTaker, MappingTaker
from services.imports.figures import ActivityTaker, DayTaker, QuotaTaker, RequestTaker
from services.imports.people import TestUserTaker
from services.imports.prompts import PromptTaker
from services.imports.rows import BatchDone, RowWork
from services.imports.runs import RunTaker
from services.imports.settings import AppSettingTaker, ConfigTaker
from services.imports.source import Original, opened
from services.imports.trip import Kept, Taker, Trip
from services.imports.types import ImportReport, Line
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.targets.service import Targets

FOLDER = "imports"  # of the data folder: copies while they are read, reports
Progress = Callable[[int, int], Awaitable[None]]


class Holder(Protocol):
    """Who holds rows of the store in memory."""

    async def reload(self) -> None:
        """Read them again."""
        ...


def _takers() -> tuple[Taker, ...]:
    """Return one taker a table; what others point at comes first."""
    return (
        EndpointTaker(),
        BlockedTaker(),
        PromptTaker(),
        MappingTaker(),
        AppSettingTaker(),
        ConfigTaker(),
        TestUserTaker(),
        RunTaker(),
        PromptTestTaker(),
        ActivityTaker(),
        RequestTaker(),
        QuotaTaker(),
        DayTaker(),
        ConversationTaker(),
    )


class Imports:
    """Reads an original database and stores what is not here yet."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        settings: Settings,
        targets: Targets,
    ) -> None:
        """Keep to that store; `holders` are told when rows they hold in memory have changed."""
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._settings = settings
        self._targets = targets
        self.holders: Sequence[Holder] = ()
        self.books = Books(database, clock)  # not the mirrored ones: nothing is pushed to Supabase
        self.folder = settings.env.data_dir / FOLDER

    async def run(
        self, path: Path, *, is_rehearsal: bool = False, progress: Progress | None = None
    ) -> ImportReport:
        """Return what was taken, or would be; raise InputError where the file is no original.

        Tables go one after the other, each in transactions of its own: an import that was cut short
        is gone on with by the next.
        """
        stack = ExitStack()
        opening = asyncio.ensure_future(
            asyncio.to_thread(stack.enter_context, opened(path, self.folder))
        )
        try:
            original = await asyncio.shield(opening)
            return await self._run(original, is_rehearsal=is_rehearsal, progress=progress)
        finally:
            await asyncio.wait({opening})  # a cancel leaves no copy behind
            await asyncio.to_thread(stack.close)

    async def _run(
        self, original: Original, *, is_rehearsal: bool, progress: Progress | None
    ) -> ImportReport:
        trip = Trip(
            source=original.identity,
            now=self._clock.now(),
            target=self._targets.current,
            preferences=self._settings.preferences,
            app=self._settings.app,
            is_rehearsal=is_rehearsal,
            test_users=original.ids("llm_test_users", "supabase_user_id"),
        )
        takers = _takers()
        total = sum(original.count(taker.table) for taker in takers)
        lines: list[Line] = []
        moved = 0
        try:
            for taker in takers:
                async for done in self._table(original, trip, taker):
                    lines += done.lines
                    moved += len(done.secrets)
                    if progress is not None:
                        await progress(len(lines), max(total, len(lines)))
        finally:
            if not is_rehearsal:
                await self._reload()
        return ImportReport(
            file=str(original.path),
            source=original.identity,
            is_rehearsal=is_rehearsal,
            target=trip.target.name,
            lines=tuple(lines),
            notes=(*original.notes, *trip.notes),
            secrets_moved=moved,
            left=original.left(),
        )

    async def _table(
        self, original: Original, trip: Trip, taker: Taker
    ) -> AsyncIterator[BatchDone]:
        """Yield what became of each batch of the table."""
        ledger = await self._ledger(trip, taker.table)
        rows = original.rows(taker.table)
        seen: set[str] = set()
        read = 0
        while batch := await asyncio.to_thread(lambda: list(islice(rows, taker.batch or None))):
            work = RowWork(taker, trip, ledger, self._secrets, seen)
            done = await self._store(taker, trip, partial(work.batch, rows=batch, before=read))
            seen |= done.fresh
            read += len(batch)
            if done.secrets and not trip.is_rehearsal:
                await self._move(trip, taker.table, done)
            yield done

    async def _store(self, taker: Taker, trip: Trip, work: Callable[..., BatchDone]) -> BatchDone:
        if trip.is_rehearsal:
            return await stored(self._database.read(work))
        if taker.book:
            return await stored(self.books.write(taker.book, work))
        return await stored(self._database.write(work))

    async def _move(self, trip: Trip, table: str, done: BatchDone) -> None:
        """Put the secrets into their store once their rows are on disk, then note that they are."""
        await asyncio.to_thread(self._secrets.put_missing, done.secrets)
        whole = partial(queries.mark_whole, source=trip.source, table=table, keys=done.incomplete)
        await stored(self._database.write(whole))

    async def _ledger(self, trip: Trip, table: str) -> dict[str, Kept]:
        kept = await stored(
            self._database.read(partial(queries.kept_rows, source=trip.source, table=table))
        )
        return {
            row.row_key: Kept(row.digest, row.local_key, row.counted or {}, row.is_whole)
            for row in kept
        }

    async def _reload(self) -> None:
        for holder in self.holders:
            await holder.reload()
