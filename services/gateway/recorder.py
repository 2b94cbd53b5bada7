"""Recorder: what is written behind the requests, in batches; nobody waits for it."""

import logging
from collections import deque
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import messages as message_queries
from db.queries import usage as usage_queries
from services.foundation.clock import Clock
from services.gateway.quota import Count, Quota

_log = logging.getLogger(__name__)
FLUSH_S = 0.25
WAITING_MAX = 5_000
BATCH_MAX = 500


class Recorder:
    """Collects conversation-log rows and quota counts and writes them a few times a second."""

    def __init__(self, database: Database, clock: Clock, quota: Quota) -> None:
        """Start with nothing waiting."""
        self._database = database
        self._clock = clock
        self._quota = quota
        self._logs: deque[Mapping[str, Any]] = deque()
        self.dropped = 0  # log rows given up because the store took none for too long

    def add_log(self, row: Mapping[str, Any]) -> None:
        """Keep a row for the next batch; the oldest is given up when too many wait."""
        self._logs.append(row)
        if len(self._logs) > WAITING_MAX:
            self._logs.popleft()
            self.dropped += 1

    async def run(self) -> None:
        """Write what waits, again and again, until cancelled."""
        while True:
            await self._clock.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write everything that waits now; what the store refuses waits for the next time."""
        counts = self._quota.take_unsaved()
        while counts or self._logs:
            rows = [self._logs.popleft() for _ in range(min(BATCH_MAX, len(self._logs)))]
            if not await self._write(counts, rows):
                self._quota.put_back(counts)
                self._logs.extendleft(reversed(rows))
                return
            counts = []

    async def _write(self, counts: list[Count], rows: list[Mapping[str, Any]]) -> bool:
        now = self._clock.now()

        def change(session: Session) -> None:
            usage_queries.keep_quota(session, counts, now)
            message_queries.add_logs(session, rows)

        try:
            await self._database.write(change)
        except DatabaseUnavailableError as error:
            _log.warning("%d log rows wait: the store refused them: %s", len(rows), error)
            return False
        except Exception:  # noqa: BLE001  # boundary: a row the store cannot take must not stop the rest
            _log.exception("%d log rows were given up", len(rows))
            self.dropped += len(rows)
        return True
