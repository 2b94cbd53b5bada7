"""Flushing: counters go to the store in batches that are added once, whatever became of a try."""

import logging
from datetime import datetime

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import journal_marks as marks
from db.queries import rollups
from db.queries import usage as queries
from services.foundation.clock import Clock
from services.foundation.ids import new_id
from services.journal.patience import Patience
from services.journal.records import record_ids
from services.journal.types import Keeper
from services.stats.counters import Batch, Counters

_log = logging.getLogger(__name__)
_PARTS = (
    ("user_activity_stats", "activity", queries.add_activity),
    ("ai_request_stats", "days", queries.add_requests),
    ("ai_request_minutes", "minutes", queries.add_minutes),
    ("usage_rollups", "rollups", rollups.add_rollups),
)


class Flushing:
    """At most one batch is under way; what comes meanwhile is counted on, so nothing grows."""

    def __init__(
        self, database: Database, clock: Clock, counters: Counters, journal: Keeper
    ) -> None:
        """Start with nothing under way."""
        self._database = database
        self._clock = clock
        self._counters = counters
        self._journal = journal
        self._patience = Patience(clock)
        self._batch: tuple[str, Batch] | None = None  # with its id
        self._taken_at = clock.now()  # when the batch before the one under way was complete
        self._old_marks: list[str] = []  # of the batch before, which is known to be stored

    def as_of(self) -> datetime:
        """Return up to when everything that happened is in the store: now, unless it refuses."""
        if self._batch is None:
            return self._clock.now()
        return self._taken_at

    async def flush(self) -> bool:
        """Return whether something was stored; what the store refuses waits for the next time."""
        if self._batch is None:
            self._batch = self._take()
        if self._batch is None:
            return False
        name, batch = self._batch
        try:
            await self._write(name, batch)
        except DatabaseUnavailableError as error:
            _log.warning("counters wait: the store refused them: %s", error)
            if self._patience.refused():
                await self.hand_over(error)
            return False
        except Exception as error:  # noqa: BLE001  # boundary: one bad row must not end the counting
            _log.exception("the store cannot take a batch of counters")
            await self._keep(name, batch, error)
            self._batch = None
            return False
        self._batch = None
        self._taken_at = self._clock.now()
        self._patience.accepted()
        return True

    async def hand_over(self, error: BaseException | str) -> None:
        """Give everything counted so far to the journal; what it does not take waits here."""
        if self._batch is not None and await self._keep(*self._batch, error):
            self._batch = None
        if self._batch is None and (fresh := self._take()) is not None:
            self._batch = None if await self._keep(*fresh, error) else fresh

    def _take(self) -> tuple[str, Batch] | None:
        if not len(self._counters):
            return None
        return new_id("use"), self._counters.take(self._clock.now())

    async def _write(self, name: str, batch: Batch) -> None:
        now, old = self._clock.now(), self._old_marks

        def change(session: Session) -> list[str]:
            made: list[str] = []
            for part, (_, field, add) in enumerate(_PARTS):
                rows = getattr(batch, field)
                ids = record_ids(f"{name}{part}", len(rows))
                made += ids
                if marks.claim_all(session, ids, now):
                    add(session, rows)
            marks.forget_marks(session, old)
            return made

        self._old_marks = await self._database.write(change)

    async def _keep(self, name: str, batch: Batch, error: BaseException | str) -> bool:
        """Return whether the journal took all parts; one it took before is not taken again."""
        kept = [
            await self._journal.keep(table, getattr(batch, field), error, record_id=f"{name}{part}")
            for part, (table, field, _) in enumerate(_PARTS)
        ]
        return all(kept)
