"""Recorder: calls go to the store in batches, in order; the journal takes what it refuses twice."""

import asyncio
import logging
from functools import partial
from typing import Any

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import load_runs as queries
from services.foundation.clock import Clock
from services.journal.patience import Patience
from services.journal.types import NO_JOURNAL, Keeper
from services.loadtest.samples import sample_values
from services.loadtest.types import LoadRun, Sample

_log = logging.getLogger(__name__)
BATCH = 500
TRIES_AT_END = 10
END_S = 2.0  # for one try at the end; then the journal takes the rest
HANDED_EVERY_S = 5.0  # while the store refuses
TABLE = "ai_prompt_tests"
_PAUSE_S = 0.3


class Recorder:
    """The rows of one run; `stored` counts those the store has acknowledged."""

    def __init__(
        self, database: Database, clock: Clock, run: LoadRun, journal: Keeper = NO_JOURNAL
    ) -> None:
        """Start with nothing to store."""
        self._database = database
        self._clock = clock
        self._run = run
        self._journal = journal
        self._patience = Patience(clock, HANDED_EVERY_S)
        self._waiting: list[dict[str, Any]] = []
        self.stored = 0
        self.journaled = 0  # calls the journal took: they are written back by it

    def add(self, sample: Sample) -> None:
        """Keep a call until the next flush."""
        self._waiting.append(sample_values(sample, self._run, self._clock.now()))

    @property
    def unstored(self) -> int:
        """How many calls neither the store nor the journal has acknowledged."""
        return len(self._waiting)

    async def flush(self) -> bool:
        """Store all that waits now; return False when the store refused, everything being kept."""
        left = len(self._waiting)  # what comes meanwhile goes with the next beat: few transactions
        while left > 0:
            batch = self._waiting[: min(BATCH, left)]
            try:
                change = partial(_keep, run_no=self._run.id, rows=batch)
                self.stored = await self._database.write(change)
            except DatabaseUnavailableError as error:
                _log.warning("%d calls of a load test wait: %s", len(self._waiting), error)
                if self._patience.refused():
                    await self._hand_over(error)
                return False
            self._patience.accepted()
            del self._waiting[: len(batch)]
            left -= len(batch)
        return True

    async def finish(self) -> None:
        """Store what is left, or hand it to the journal; the log says what nobody took."""
        for _ in range(TRIES_AT_END):
            try:
                async with asyncio.timeout(END_S):
                    if await self.flush():
                        return
                why = "refused at the end of the run"
            except TimeoutError:  # a change that is under way stays so: no call is stored twice
                why = "locked: the store did not answer at the end of the run"
            if not self._waiting or await self._hand_over(why):
                return
            await self._clock.sleep(_PAUSE_S)
        _log.error("%d calls of %s could not be stored", len(self._waiting), self._run.run_id)

    async def _hand_over(self, error: BaseException | str) -> bool:
        rows = list(self._waiting)
        if not await self._journal.keep(TABLE, rows, error):
            return False
        del self._waiting[: len(rows)]
        self.journaled += len(rows)
        return True


def _keep(session: Any, run_no: int, rows: list[dict[str, Any]]) -> int:
    return queries.keep_calls(session, run_no, rows)
