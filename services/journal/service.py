"""Journal: rows the database refuses are kept beside it and written back when it takes them again."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import journal as queries
from db.queries import journal_marks as marks
from db.queries.journal_fields import table_of
from services.foundation.actor import ensure_may_change
from services.foundation.clock import Clock
from services.foundation.ids import new_id
from services.foundation.messages import Message
from services.foundation.signals import Signal
from services.foundation.tasks import Tasks
from services.journal.notices import notices_of
from services.journal.records import chunks
from services.journal.replaying import Replaying
from services.journal.shelf import MEMORY, RESERVE, Shelf
from services.journal.types import FOLDER, BadRecordError, JournalView, Record, ReplayReport, Row

_log = logging.getLogger(__name__)
TICK_S = 1.0
RETRY_FIRST_S = 2.0
RETRY_MOST_S = 30.0
MARKS_KEPT = timedelta(days=7)
_MARKS_AT_ONCE = 1_000
HEADS = frozenset(  # what start() closes as interrupted unless its end comes first
    ("executions", "e2e_launches", "e2e_mapped_model_runs", "e2e_mapped_model_results", "load_runs")
)


class Journal:
    """Records in `<folder>/journal`, counted, told, replayed."""

    def __init__(self, database: Database, clock: Clock, tasks: Tasks, folder: Path) -> None:
        """Touch nothing before load()."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._shelf = Shelf(folder / FOLDER)
        self._lock = asyncio.Lock()  # of the shelf
        self._replaying = asyncio.Lock()
        self._keeping: set[asyncio.Future[bool]] = set()
        self._store = ""
        self._task: asyncio.Task[None] | None = None
        self._view = JournalView(str(self._shelf.path))
        self._is_told = False  # the log knows of this incident
        self.changed: Signal[int] = Signal("journal.changed")

    @property
    def waiting(self) -> int:
        """How many rows wait to be written back."""
        return self._view.waiting

    @property
    def view(self) -> JournalView:
        """The journal as it is now; costs nothing."""
        return self._view

    @property
    def notices(self) -> list[Message]:
        """What an operator must know now."""
        return notices_of(self._view)

    def load(self) -> None:
        """Find what waits since another start, and the name of the database."""
        self._shelf.open()
        try:
            self._store = self._database.read_now(marks.read_identity)
        except DatabaseUnavailableError as error:
            _log.warning("the name of the database cannot be read: %s", error)
        self._look(self._oldest())
        if self.waiting:
            _log.warning("%d results wait to be written back since another start", self.waiting)
            self._is_told = True

    def _oldest(self) -> Record | None:
        for entry in self._shelf.ordered()[:1]:
            try:
                return self._shelf.read(entry)
            except BadRecordError:
                return None
        return None

    async def start(self) -> None:
        """Write back the ends of what ran, then everything else behind the start."""
        await self._settle_marks()
        await self.replay(HEADS)
        self._task = self._tasks.start(self._run(), "journal")

    async def stop(self) -> None:
        """Write back what still can be; the rest waits for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        if self.waiting and not self._database.refusal:
            await self.replay()

    def close(self) -> None:
        """Let go of the folder."""
        self._shelf.close()

    # -- keeping

    async def keep(
        self, table: str, rows: Sequence[Row], error: BaseException | str, *, record_id: str = ""
    ) -> bool:
        """Return whether the rows are kept and will be written back; never raises.

        `rows` carry the names of the table's columns. `record_id` is given by a writer that does
        not know whether its own write came through: what it marked is not written again.
        """
        if not rows:
            return True
        work = asyncio.ensure_future(self._keep(table, list(rows), _reason(error), record_id))
        self._keeping.add(work)
        work.add_done_callback(self._keeping.discard)
        return await asyncio.shield(work)  # a caller that is cancelled takes nothing back

    async def _keep(self, table: str, rows: list[Row], reason: str, record_id: str) -> bool:
        try:
            _check(table, rows)
            made = await asyncio.to_thread(self._records, table, rows, reason, record_id)
            async with self._lock:
                is_kept = await asyncio.to_thread(self._shelf.put, made)
        except Exception:  # noqa: BLE001  # boundary: its callers are in trouble already
            _log.exception("%d rows of %s could not be kept", len(rows), table)
            is_kept = False
        if not is_kept:
            self._view = replace(self._view, refused=self._view.refused + len(rows))
        self._alarm(reason, is_kept=is_kept)
        since = self._view.since or self._clock.now()
        self._look(None, reason=reason, since=since)
        return is_kept

    def _records(self, table: str, rows: list[Row], reason: str, record_id: str) -> list[Record]:
        now = self._clock.now()
        return [
            Record(
                id=f"{record_id}_{number}" if record_id else new_id("jrn"),
                seq=0,
                store=self._store,
                table=table,
                at=now,
                reason=reason,
                rows=piece,
            )
            for number, piece in enumerate(chunks(rows))
        ]

    def _alarm(self, reason: str, *, is_kept: bool) -> None:
        """Tell the log once an incident, and once more when it gets worse."""
        if not is_kept:
            _log.error("neither the database nor the journal takes results: %s", reason)
        elif not self._is_told:
            self._is_told = True
            place = self._shelf.path
            _log.error("the database refuses results (%s): they are kept in %s", reason, place)

    # -- writing back

    async def replay(self, tables: Collection[str] = ()) -> ReplayReport:
        """Write back everything, or these tables' records; return what became of it."""
        ensure_may_change()
        async with self._replaying:
            if not tables:
                async with self._lock:
                    await asyncio.to_thread(self._refresh)
            if not len(self._shelf):
                report = ReplayReport(self._clock.now())
            else:
                run = Replaying(self._database, self._clock, self._shelf, self._lock, self._store)
                report = await run.run(tables)
            self._told_of(report)
            self._view = replace(self._view, last=report if report.records else self._view.last)
            self._look(None, reason=report.reason or self._view.reason, since=self._view.since)
            return report

    def _refresh(self) -> None:
        if not self._shelf.problem:
            self._shelf.rescan()
            self._shelf.spread()

    def _told_of(self, report: ReplayReport) -> None:
        if report.records:
            _log.warning(
                "%d results written back, %d were there already, %d put aside, %d wait",
                report.rows,
                report.known,
                report.put_aside,
                report.left,
            )
        if not report.left:
            self._is_told = False

    async def _run(self) -> None:
        """Try again soon, then less often; at once when the database takes other changes again."""
        wait_s, due_s = RETRY_FIRST_S, 0.0
        while True:
            await self._clock.sleep(TICK_S)
            if not self.waiting:
                wait_s = RETRY_FIRST_S
                continue
            now_s = self._clock.monotonic()
            if self._database.refusal and now_s < due_s:
                continue
            try:
                report = await self.replay()
            except Exception:  # noqa: BLE001  # boundary: the next turn comes
                _log.exception("the journal could not be written back")
                report = None
            if report is None or report.reason:
                due_s = self._clock.monotonic() + wait_s
                wait_s = min(2 * wait_s, RETRY_MOST_S)
            else:
                wait_s = RETRY_FIRST_S

    async def _settle_marks(self) -> None:
        """Name the database once, and forget marks of records whose files are long gone."""
        now, name = self._clock.now(), new_id("db")
        edge = now - MARKS_KEPT
        try:
            if not self._store:
                self._store = await self._database.write(
                    lambda session: marks.give_identity(session, name, now)
                )
            old = await self._database.read(lambda s: marks.old_marks(s, edge, _MARKS_AT_ONCE))
            gone = sorted(set(old) - self._shelf.ids())
            if gone:
                await self._database.write(lambda session: marks.forget_marks(session, gone))
        except DatabaseUnavailableError as error:
            _log.warning("the journal's marks cannot be settled: %s", error)

    # -- the view

    def _look(
        self, oldest: Record | None, *, reason: str = "", since: datetime | None = None
    ) -> None:
        shelf, before = self._shelf, self._view
        size, used = shelf.reserve
        if oldest is not None:
            reason, since = oldest.reason, oldest.at
        self._view = JournalView(
            folder=str(shelf.path),
            waiting=shelf.rows,
            records=len(shelf),
            in_reserve=shelf.rows_at(RESERVE),
            in_memory=shelf.rows_at(MEMORY),
            refused=before.refused,
            reason=reason if shelf.rows else "",
            since=since if shelf.rows else None,
            reserve_bytes=size,
            reserve_used_bytes=used,
            problem=shelf.problem,
            put_aside=shelf.aside(),
            last=before.last,
        )
        self.changed.emit(self._view.waiting)


def _check(table: str, rows: Sequence[Row]) -> None:
    """Raise ValueError for a writer's mistake: rows that could never be written back."""
    known = queries.JOURNAL_TABLES.get(table)
    if known is None:
        raise ValueError(f"the journal writes to no table {table}")
    columns = table_of(table).columns
    for row in rows:
        unknown = [name for name in row if name not in columns]
        missing = [name for name in known.keys if row.get(name) is None]
        if unknown or missing:
            raise ValueError(f"{table}: unknown {unknown}, missing {missing}")


def _reason(error: BaseException | str) -> str:
    if isinstance(error, str | DatabaseUnavailableError):
        return str(error)
    return f"{type(error).__name__}: {error}"
