"""Pusher: take a batch, push it, settle it; halve a batch until the bad row is alone."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from db.engine import Database
from db.queries import outbox as queries
from db.tables.outbox import OutboxRow
from services.foundation.clock import Clock
from services.foundation.messages import Message
from services.foundation.storing import stored
from services.outbox import rules
from services.outbox.types import Carrier, Entry, Op, OutboxState, Outcome
from services.supabase.types import RemoteError

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class PushTally:
    """What a flush did so far."""

    total: int
    on_progress: Callable[[int, int], Any] | None = None
    pushed: int = 0
    conflicts: int = 0
    refused: int = 0
    reason: Message | None = None  # of the last row that was refused

    @property
    def done(self) -> int:
        """How many rows were tried."""
        return self.pushed + self.conflicts + self.refused


class Pusher:
    """One flush: every row is tried once, whatever becomes of the others."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tally: PushTally,
        tell: Callable[[int, int], None],
    ) -> None:
        """Keep where rows are settled and who hears of progress."""
        self._database = database
        self._clock = clock
        self._tally = tally
        self._tell = tell
        self._refused: set[int] = set()  # still waiting, but not once more in this flush

    async def batches(self, carrier: Carrier) -> AsyncIterator[int]:
        """Yield the size of each batch after it was settled; raise RemoteError when the server fails."""
        while len(self._refused) < rules.MOST_REFUSED:
            take = partial(
                queries.next_rows, kind=carrier.kind, limit=rules.BATCH, skip=self._refused
            )
            rows = await stored(self._database.read(take))
            if not rows:
                return
            await self._push(carrier, [to_entry(row) for row in rows])
            yield len(rows)

    async def _push(self, carrier: Carrier, entries: Sequence[Entry]) -> None:
        """Push the entries; a refusal is narrowed down to the rows that cause it."""
        waiting: list[Sequence[Entry]] = [entries]
        while waiting:  # ends: each round settles a batch or makes it smaller
            batch = waiting.pop()
            try:
                outcomes = await carrier.push(batch)
            except RemoteError as error:
                if error.fault.is_passing or error.fault.needs_operator:
                    raise
                if len(batch) > 1:
                    first, second = rules.halves(batch)
                    waiting += [second, first]
                    continue
                await self._refuse(batch[0], error)
            else:
                await self._settle(outcomes)
            self._say()

    async def _settle(self, outcomes: Sequence[Outcome]) -> None:
        def change(session: Any) -> None:
            for outcome in outcomes:
                entry = outcome.entry
                if outcome.conflict is not None:
                    reason = rules.as_json(outcome.conflict)
                    queries.set_state(session, entry.id, entry.version, "conflict", reason)
                    continue
                if outcome.settle is not None:
                    outcome.settle(session, entry.key)
                queries.take_away(session, entry.id, entry.version)

        await stored(self._database.write(change))
        disputed = sum(outcome.conflict is not None for outcome in outcomes)
        self._tally.conflicts += disputed
        self._tally.pushed += len(outcomes) - disputed

    async def _refuse(self, entry: Entry, error: RemoteError) -> None:
        _log.warning("%s %s was refused: %s", entry.kind, entry.key, error)
        reason = rules.as_json(error.message)
        await stored(
            self._database.write(
                lambda session: queries.add_attempt(
                    session, entry.id, entry.version, rules.MOST_ATTEMPTS, reason
                )
            )
        )
        self._refused.add(entry.id)
        self._tally.refused += 1
        self._tally.reason = error.message

    def _say(self) -> None:
        tally = self._tally
        self._tell(min(tally.done, tally.total), tally.total)
        if tally.on_progress is not None:
            tally.on_progress(tally.done, tally.total)


def to_entry(row: OutboxRow) -> Entry:
    """Return the shape of a row."""
    return Entry(
        kind=row.kind,
        key=row.key,
        op=Op(row.op),
        payload=row.payload_json,
        id=row.id or 0,
        version=row.version,
        attempts=row.attempts,
        title=row.title,
        state=OutboxState(row.state),
        reason=rules.from_json(row.reason_json),
        created_at=row.created_at,
    )
