"""Calls are stored exactly once, whatever the store and a cancel do."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, func, select

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import load_runs as queries
from db.queries.load_history import Wanted, page_samples
from db.tables.load_runs import PromptTestRow
from services.foundation.clock import SystemClock
from services.loadtest.recorder import Recorder
from services.loadtest.rows import plan_values, to_plan
from services.loadtest.samples import to_stored
from services.loadtest.types import LoadPlan, LoadRun, RunState, Sample, SampleClass

CLOCK = SystemClock()
PLAN = LoadPlan(users=1, cap=1, requests=1_200)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, database: Database) -> Database:
    if request.param == "sqlite":
        return database
    return request.getfixturevalue("postgres_database")


@pytest.fixture
async def run(store: Database) -> LoadRun:
    values = {
        "run_id": "exe_1",
        "status": "running",
        "target_id": 1,
        "plan": plan_values(PLAN),
        "created_at": CLOCK.now(),
    }
    row = await store.write(lambda s: queries.insert_run(s, values))
    return LoadRun(row.id or 0, "exe_1", RunState.RUNNING, 1, "", PLAN)


def fill(recorder: Recorder, count: int) -> None:
    for no in range(1, count + 1):
        recorder.add(Sample(no, 1, "m\x00", SampleClass.SUCCESS, 0.0, reply_text="a\ud800"))


async def rows_in(database: Database) -> int:
    def count(session: Session) -> int:
        return session.exec(select(func.count()).select_from(PromptTestRow)).one()

    return await database.read(count)


async def test_a_flush_that_is_cancelled_stores_nothing_twice(
    store: Database, run: LoadRun
) -> None:
    recorder = Recorder(store, CLOCK, run)
    fill(recorder, 1_200)
    flushing = asyncio.ensure_future(recorder.flush())
    await asyncio.sleep(0.002)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    await recorder.finish()
    assert (recorder.stored, recorder.unstored, await rows_in(store)) == (1_200, 0, 1_200)


async def test_what_the_store_refuses_is_offered_again(store: Database, run: LoadRun) -> None:
    class Refusing:
        """The store, full for the first three changes."""

        left = 3

        async def write(self, change: Callable[[Session], Any]) -> Any:
            if self.left:
                self.left -= 1
                raise DatabaseUnavailableError("full", "disk full")
            return await store.write(change)

    recorder = Recorder(Refusing(), CLOCK, run)  # type: ignore[arg-type]
    fill(recorder, 600)
    assert not await recorder.flush()
    assert (recorder.stored, recorder.unstored) == (0, 600)
    await recorder.finish()
    assert (recorder.stored, recorder.unstored, await rows_in(store)) == (600, 0, 600)


async def test_runs_and_calls_are_read_back_as_they_were(store: Database, run: LoadRun) -> None:
    recorder = Recorder(store, CLOCK, run)
    fill(recorder, 30)
    await recorder.finish()
    total, rows = await store.read(lambda s: page_samples(s, Wanted(run.id, {}), 10, 25))
    assert (total, [row["no"] for row in rows]) == (30, [26, 27, 28, 29, 30])
    kept = to_stored(rows[0], run.run_id)
    assert (kept.sample.no, kept.sample.sample_class) == (26, SampleClass.SUCCESS)
    assert kept.message == PLAN.message
    head, calls = await store.read(lambda s: queries.all_calls(s, "exe_1"))
    assert (head.stored, len(calls), to_plan(head.plan)) == (30, 30, PLAN)
    closed = await store.write(lambda s: queries.close_left_over(s, {"status": "interrupted"}))
    assert closed == 1
