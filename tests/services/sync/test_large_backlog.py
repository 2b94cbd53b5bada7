"""A backlog of 100,000 pushes: counting, the page's list and a replay stay bounded."""

import time
from collections.abc import Sequence

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from db.engine import Database
from db.queries import outbox as queries
from db.tables.outbox import OutboxRow
from services.foundation.tasks import Tasks
from services.outbox import rules
from services.outbox.service import Outbox
from services.outbox.types import Entry, Outcome
from services.supabase.types import Fault, RemoteError
from tests.support.clock import FakeClock

ROWS = 100_000
BATCHES = 3


class Carrier:
    """Takes some batches, then the server is away."""

    kind = "mapping"

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def push(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.sizes.append(len(entries))
        if len(self.sizes) > BATCHES:
            raise RemoteError("away", Fault.SERVER)
        return [Outcome(entry) for entry in entries]


@pytest.fixture
async def backlog(database: Database, clock: FakeClock) -> Outbox:
    now = clock.now()

    def fill(session: Session) -> None:
        payload = {"content": {"scope_type": "mapping", "name": "k" * 200}}
        rows = [
            {
                "kind": "mapping",
                "key": f"mapping:k{number}",
                "title": f"k{number}",
                "op": "save",
                "payload_json": payload,
                "version": 1,
                "state": "waiting",
                "attempts": 0,
                "created_at": now,
                "updated_at": now,
            }
            for number in range(ROWS)
        ]
        session.connection().execute(insert(OutboxRow), rows)

    await database.write(fill)
    outbox = Outbox(database, clock, Tasks(), chance=lambda: 1.0)
    outbox.load()
    return outbox


async def test_a_hundred_thousand_pushes_are_listed_and_replayed_in_pieces(
    backlog: Outbox, database: Database
) -> None:
    assert backlog.view.waiting == ROWS
    begun = time.perf_counter()
    shown = await backlog.entries(limit=200)
    counted = await backlog.refresh()
    piece = await database.read(lambda session: queries.next_rows(session, "mapping", rules.BATCH))
    assert time.perf_counter() - begun < 1.0
    assert (len(shown), counted.waiting, len(piece)) == (200, ROWS, rules.BATCH)
    carrier = Carrier()
    backlog.register(carrier)
    seen: list[tuple[int, int]] = []
    report = await backlog.flush(on_progress=lambda done, total: seen.append((done, total)))
    assert carrier.sizes == [rules.BATCH] * (BATCHES + 1)
    assert (report.pushed, report.left) == (BATCHES * rules.BATCH, ROWS - BATCHES * rules.BATCH)
    assert seen == [(n * rules.BATCH, ROWS) for n in range(1, BATCHES + 1)]
    assert (await backlog.entries(limit=1))[0].key == f"mapping:k{BATCHES * rules.BATCH}"
