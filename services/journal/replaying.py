"""Write back what waits: in order, a few records at once, each exactly once."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import journal as queries
from services.foundation.clock import Clock
from services.journal.shelf import Entry, Shelf
from services.journal.types import BadRecordError, Record, ReplayReport

AT_ONCE = 100  # records in one transaction
ROWS_AT_ONCE = 5_000  # rows in them, some megabytes; one record more may be over it


@dataclass(slots=True)
class _Tally:
    records: int = 0
    rows: int = 0
    known: int = 0
    put_aside: int = 0
    reason: str = ""  # why it stopped


class Replaying:
    """One replay; `store` is the name of the database it writes to."""

    def __init__(
        self, database: Database, clock: Clock, shelf: Shelf, lock: asyncio.Lock, store: str
    ) -> None:
        """Take the shelf; whoever touches it holds the lock."""
        self._database = database
        self._clock = clock
        self._shelf = shelf
        self._lock = lock
        self._store = store
        self._tally = _Tally()

    async def run(self, tables: Collection[str]) -> ReplayReport:
        """Return what was written; a database that refuses ends it, what is left waits on."""
        async with self._lock:
            left = await asyncio.to_thread(self._shelf.ordered, tables)
        for piece in _pieces(left):
            await self._piece(piece)
            if self._tally.reason:
                break
        tally = self._tally
        return ReplayReport(
            at=self._clock.now(),
            records=tally.records,
            rows=tally.rows,
            known=tally.known,
            put_aside=tally.put_aside,
            left=self._shelf.rows,
            reason=tally.reason,
        )

    async def _piece(self, piece: Sequence[Entry]) -> None:
        async with self._lock:
            read = await asyncio.to_thread(self._read, piece)
        results = await self._write_all([record for _, record in read])
        done: list[Entry] = []
        for (entry, record), result in zip(read, results, strict=True):
            if isinstance(result, bool):
                self._count(entry, is_new=result)
                done.append(entry)
            elif isinstance(result, DatabaseUnavailableError):
                self._tally.reason = self._tally.reason or str(result)
            elif await self._divide(record, result):
                done.append(entry)
        async with self._lock:
            await asyncio.to_thread(self._shelf.drop, done)

    def _read(self, piece: Sequence[Entry]) -> list[tuple[Entry, Record]]:
        """Return the records that can be read; the others are put aside."""
        read: list[tuple[Entry, Record]] = []
        for entry in piece:
            try:
                record = self._shelf.read(entry)
                if record is None:
                    self._shelf.drop([entry])
                    continue
                self._check(record)
            except BadRecordError as error:
                if self._shelf.put_aside(entry, str(error)):
                    self._tally.put_aside += max(1, entry.rows)
                    self._tally.records += 1
                continue
            read.append((entry, record))
        return read

    def _check(self, record: Record) -> None:
        if record.store and self._store and record.store != self._store:
            raise BadRecordError(f"it was meant for another database ({record.store})")
        if record.table not in queries.JOURNAL_TABLES:
            raise BadRecordError(f"the journal writes to no table {record.table[:60]}")

    async def _write_all(self, records: Sequence[Record]) -> Sequence[bool | BaseException]:
        """Return for each whether it was new, or why it was not written.

        All go in one transaction; only when that fails is each written by itself.
        """
        now = self._clock.now()
        given = [(record.id, record.table, record.rows) for record in records]
        try:
            fresh = await self._database.write(lambda s: queries.write_back_all(s, given, now))
        except DatabaseUnavailableError as error:
            return [error] * len(records)
        except Exception:  # noqa: BLE001  # boundary: one of them is bad, found out one by one
            writing = (self._write(record) for record in records)
            return await asyncio.gather(*writing, return_exceptions=True)
        results: list[bool | BaseException] = []
        for record in records:
            results.append(record.id in fresh)
            fresh.discard(record.id)
        return results

    async def _write(self, record: Record) -> bool:
        now = self._clock.now()

        def change(session: Session) -> bool:
            return queries.write_back(session, record.id, record.table, record.rows, now)

        return await self._database.write(change)

    def _count(self, entry: Entry, *, is_new: bool) -> None:
        self._tally.records += 1
        if is_new:
            self._tally.rows += entry.rows
        else:
            self._tally.known += entry.rows

    async def _divide(self, record: Record, error: BaseException) -> bool:
        """Return whether the record is settled: bad rows put aside first, then the others written.

        A crash in between repeats both; the rows put aside have an id of their own.
        """
        try:
            reasons = await self._database.write(
                lambda session: queries.rehearse(session, record.table, record.rows)
            )
            pairs = list(zip(record.rows, reasons, strict=True))
            bad = [row for row, reason in pairs if reason]
            good = [row for row, reason in pairs if not reason]
            why = next((reason for reason in reasons if reason), f"{type(error).__name__}: {error}")
            if not bad:  # each alone is good, together they are not
                bad, good = list(record.rows), []
            rest = replace(record, id=f"{record.id[:50]}_rest", rows=bad)
            async with self._lock:
                if not await asyncio.to_thread(self._shelf.add_aside, rest, why):
                    self._tally.reason = self._tally.reason or why
                    return False
            is_new = await self._write(replace(record, rows=good)) if good else True
        except DatabaseUnavailableError as refused:
            self._tally.reason = self._tally.reason or str(refused)
            return False
        self._tally.records += 1
        self._tally.put_aside += len(bad)
        if is_new:
            self._tally.rows += len(good)
        return True


def _pieces(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    piece: list[Entry] = []
    for entry in entries:
        piece.append(entry)
        if len(piece) >= AT_ONCE or sum(one.rows for one in piece) >= ROWS_AT_ONCE:
            yield piece
            piece = []
    if piece:
        yield piece
