"""Recorder: calls go to the store in batches; what it does not take is offered again, in order."""

import logging
from functools import partial
from typing import Any

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import load_runs as queries
from services.foundation.clock import Clock
from services.loadtest.samples import sample_values
from services.loadtest.types import LoadRun, Sample

_log = logging.getLogger(__name__)
BATCH = 500
TRIES_AT_END = 10
_PAUSE_S = 0.3


class Recorder:
    """The rows of one run; `stored` counts those the store has acknowledged."""

    def __init__(self, database: Database, clock: Clock, run: LoadRun) -> None:
        """Start with nothing to store."""
        self._database = database
        self._clock = clock
        self._run = run
        self._waiting: list[dict[str, Any]] = []
        self.stored = 0

    def add(self, sample: Sample) -> None:
        """Keep a call until the next flush."""
        self._waiting.append(sample_values(sample, self._run, self._clock.now()))

    @property
    def unstored(self) -> int:
        """How many calls the store has not acknowledged."""
        return len(self._waiting)

    async def flush(self) -> bool:
        """Store all that waits; return False when the store refused, everything being kept."""
        while self._waiting:
            batch = self._waiting[:BATCH]
            try:
                change = partial(_keep, run_no=self._run.id, rows=batch)
                self.stored = await self._database.write(change)
            except DatabaseUnavailableError as error:
                _log.warning("%d calls of a load test wait: %s", len(self._waiting), error)
                return False
            del self._waiting[: len(batch)]
        return True

    async def finish(self) -> None:
        """Store what is left, with patience; the log says what could not be stored."""
        for _ in range(TRIES_AT_END):
            if await self.flush():
                return
            await self._clock.sleep(_PAUSE_S)
        _log.error("%d calls of %s could not be stored", len(self._waiting), self._run.run_id)


def _keep(session: Any, run_no: int, rows: list[dict[str, Any]]) -> int:
    return queries.keep_calls(session, run_no, rows)
