"""The outbox's own loop: a store that refuses for a while ends no push for good."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import outbox as queries
from services.foundation.tasks import Tasks
from services.outbox.service import IDLE_S, Outbox
from services.outbox.types import Entry, Outcome
from tests.support.builders import until
from tests.support.clock import FakeClock


class Carrier:
    """Takes everything."""

    kind = "mapping"

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def push(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.taken += [entry.key for entry in entries]
        return [Outcome(entry) for entry in entries]


async def test_a_store_that_refuses_for_a_while_ends_no_push_for_good(
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    values: dict[str, Any] = {"op": "save", "payload_json": {"content": {}}, "title": "k"}
    await database.write(lambda s: queries.put(s, "mapping", "mapping:k", values, clock.now()))
    tasks, carrier = Tasks(), Carrier()
    outbox = Outbox(database, clock, tasks, chance=lambda: 1.0)
    outbox.register(carrier)
    outbox.load()
    read, refused = database.read, [0]

    async def reading(query: Callable[[Session], Any]) -> Any:
        if refused[0] < 3:
            refused[0] += 1
            raise DatabaseUnavailableError("locked", "database is locked")
        return await read(query)

    monkeypatch.setattr(database, "read", reading)
    await outbox.start()
    for turn in range(1, 4):
        await clock.advance(IDLE_S)
        await until(lambda turn=turn: refused[0] >= turn)
    assert "could not be pushed" in caplog.text
    assert carrier.taken == []
    await clock.advance(IDLE_S)
    await until(lambda: carrier.taken == ["mapping:k"])
    await outbox.stop()
    await tasks.stop(1.0)
