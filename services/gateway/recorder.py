"""Recorder: what is written behind the requests, in batches; nobody waits for it."""

import logging
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import messages as message_queries
from db.queries import usage as usage_queries
from services.foundation.clock import Clock
from services.foundation.steady import Steady
from services.gateway.quota import Count, Quota
from services.journal.patience import Patience
from services.journal.types import NO_JOURNAL, Keeper

_log = logging.getLogger(__name__)
FLUSH_S = 0.25
WAITING_MAX = 5_000
BATCH_MAX = 500
_LOGS = "conversation_logs"
_QUOTA = "ai_model_daily_usage"
HANDED_AT = 1_000  # rows that wait; then the journal takes them whatever the patience


class Recorder:
    """Collects conversation-log rows and quota counts and writes them a few times a second."""

    def __init__(
        self, database: Database, clock: Clock, quota: Quota, journal: Keeper = NO_JOURNAL
    ) -> None:
        """Start with nothing waiting; the journal takes what the store refuses for long."""
        self._database = database
        self._clock = clock
        self._quota = quota
        self._journal = journal
        self._patience = Patience(clock)
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
        steady = Steady(_log, "the record of messages")
        while True:
            await self._clock.sleep(FLUSH_S)
            await steady.turn(self.flush)

    async def flush(self) -> None:
        """Write everything that waits now; what the store refuses waits for the next time."""
        counts = self._quota.take_unsaved()
        while counts or self._logs:
            rows = [self._logs.popleft() for _ in range(min(BATCH_MAX, len(self._logs)))]
            refused = await self._write(counts, rows)
            if refused is not None:
                self._quota.put_back(counts)
                self._logs.extendleft(reversed(rows))
                is_long = self._patience.refused() or len(self._logs) >= HANDED_AT
                await self._hand_over(refused, is_wanted=is_long)
                return
            self._patience.accepted()
            counts = []

    async def close(self) -> None:
        """Write what waits, or hand it to the journal."""
        await self.flush()
        why = "the console was stopped"
        await self._hand_over(why, is_wanted=True)
        counts = self._quota.take_unsaved()
        if not await self._journal.keep(_QUOTA, _count_rows(counts, self._clock.now()), why):
            _log.error("%d counts of quotas are not on disk", len(counts))

    async def _hand_over(self, error: BaseException | str, *, is_wanted: bool) -> None:
        """Give log rows to the journal; counts stay here, they grow until the store takes them."""
        rows = list(self._logs) if is_wanted else []
        if rows and await self._journal.keep(_LOGS, rows, error):
            for _ in rows:
                self._logs.popleft()

    async def _write(
        self, counts: list[Count], rows: list[Mapping[str, Any]]
    ) -> DatabaseUnavailableError | None:
        """Return None when nothing of it waits any more, or why the store took nothing."""
        now = self._clock.now()

        def change(session: Session) -> None:
            usage_queries.keep_quota(session, counts, now)
            message_queries.add_logs(session, rows)

        try:
            await self._database.write(change)
        except DatabaseUnavailableError as error:
            _log.warning("%d log rows wait: the store refused them: %s", len(rows), error)
            return error
        except Exception as error:  # noqa: BLE001  # boundary: a row the store cannot take must not stop the rest
            _log.exception("%d log rows were refused", len(rows))
            if not await self._journal.keep(_LOGS, rows, error):
                self.dropped += len(rows)
            await self._journal.keep(_QUOTA, _count_rows(counts, now), error)
        return None


def _count_rows(counts: list[Count], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "user_id": user_id,
            "model_key": family,
            "usage_date": day,
            "count": count,
            "created_at": now,
            "updated_at": now,
        }
        for user_id, family, day, count in counts
    ]
