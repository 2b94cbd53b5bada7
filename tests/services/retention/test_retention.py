"""Old rows of every kind are gone, young and unpushed ones stay; short pieces; the file shrinks."""

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, func, select

from db.engine import Database
from db.queries import retention as queries
from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow
from db.tables.executions import ExecutionEventRow, ExecutionRow
from db.tables.load_runs import LoadRunRow, PromptTestRow
from db.tables.outbox import OutboxRow
from services.executions.service import Executions
from services.executions.types import Execution, ExecutionState, StartOptions
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.retention.pieces import LEAST, MOST, Pieces
from services.retention.service import Retention
from services.settings.service import Settings
from tests.support.aged import AGED, write_all, write_launch, write_load_run
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.postgres import both_stores

OLD, YOUNG = timedelta(days=31), timedelta(days=29)


def count(session: Session, row: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(row)).one()


async def clean(executions: Executions) -> Execution:
    started = await executions.start("retention", {})
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.SUCCEEDED, ended.error
    return ended


@both_stores
async def test_what_is_older_than_its_days_is_gone_from_every_table(
    store: Database, executions: Executions, clock: FakeClock, retention: Retention
) -> None:
    now = clock.now()
    store.write_now(lambda s: write_all(s, now - OLD))
    store.write_now(lambda s: write_all(s, now - YOUNG))
    ended = await clean(executions)
    left = {row.__tablename__: store.read_now(lambda s, row=row: count(s, row)) for row in AGED}
    own = {
        "executions": 2,
        "execution_events": 1 + len(await executions.events(ended.execution_id)),
    }
    assert left == dict.fromkeys(left, 1) | own
    last = await retention.last()
    assert last is not None
    deleted = {"e2e": 7, "executions": 1, "messages": 2, "audit": 1, "stats": 8, "load": 2}
    assert last.deleted == deleted
    assert (last.total, last.unpushed, last.error) == (21, 2, "")
    assert last.never_pushed == 1  # said, never silent
    assert "audit: 1 deleted, before 2026-01-31" in ended.output


def test_operations_names_every_table_and_what_becomes_of_it() -> None:
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in SQLModel.metadata.tables if f"`{name}`" not in text] == []


@both_stores
async def test_what_is_not_over_and_what_is_not_pushed_stays_whatever_its_age(
    store: Database, executions: Executions, clock: FakeClock
) -> None:
    store.write_now(lambda s: write_all(s, clock.now() - OLD, is_over=False))
    await clean(executions)
    kept = (E2eLaunchRow, E2eCellRow, OutboxRow)
    assert [store.read_now(lambda s, row=row: count(s, row)) for row in kept] == [1, 1, 1]
    assert store.read_now(lambda s: count(s, ExecutionRow)) == 2


@both_stores
async def test_a_baseline_stays_with_its_calls_and_a_single_conversation_goes_by_the_same_days(
    store: Database, executions: Executions, clock: FakeClock, settings: Settings
) -> None:
    await settings.change({"retention_load_days": 10})
    at = clock.now() - timedelta(days=11)

    def write(session: Session) -> None:
        write_load_run(session, at, end=at, baseline=True)
        write_load_run(session, at, end=at)
        write_load_run(session, at - timedelta(days=1), end=None)
        for when in (at, clock.now()):
            session.add(PromptTestRow(model="m", request_message="one", created_at=when))

    store.write_now(write)
    ended = await clean(executions)
    assert ended.meta["deleted"]["load"] == 3  # a run, its call, the old conversation
    runs = store.read_now(lambda s: s.exec(select(LoadRunRow.baseline, LoadRunRow.status)).all())
    assert sorted(runs) == [(False, "running"), (True, "succeeded")]
    assert store.read_now(lambda s: count(s, PromptTestRow)) == 3


async def test_each_kind_of_data_has_days_of_its_own(
    database: Database, executions: Executions, clock: FakeClock, settings: Settings
) -> None:
    await settings.change({"retention_audit_days": 40, "retention_stats_days": 5})
    database.write_now(lambda s: write_all(s, clock.now() - OLD))
    database.write_now(lambda s: write_all(s, clock.now() - timedelta(days=6)))
    ended = await clean(executions)
    assert ended.meta["deleted"]["audit"] == 0
    assert ended.meta["deleted"]["stats"] == 16
    assert ended.meta["deleted"]["e2e"] == 7


async def test_a_run_that_was_ended_is_gone_on_with_by_the_next(
    database: Database, executions: Executions, clock: FakeClock
) -> None:
    at = clock.now() - OLD
    database.write_now(lambda s: write_launch(s, at, cells=3_000, end=at))
    started = await executions.start("retention", {})
    await until(lambda: database.read_now(lambda s: count(s, E2eCellRow)) < 3_000)
    await executions.cancel(started.execution_id)
    ended = await executions.wait(started.execution_id)
    left = database.read_now(lambda s: count(s, E2eCellRow))
    assert ended.status is ExecutionState.CANCELLED
    assert 0 < left < 3_000
    assert database.read_now(lambda s: count(s, E2eLaunchRow)) == 1  # so the rest is found again
    again = await clean(executions)
    assert again.meta["deleted"]["e2e"] == 2 * left + 2
    assert database.read_now(lambda s: count(s, E2eLaunchRow)) == 0


async def test_no_other_change_waits_long_and_the_file_shrinks(
    database: Database, settings: Settings
) -> None:
    clock, tasks = SystemClock(), Tasks()
    executions = Executions(database, clock, tasks, settings)
    executions.register(Retention(database, clock, settings, executions).kind)
    at = clock.now() - OLD
    text = "x" * 6_000
    for day in range(4):
        when = at - timedelta(days=day)
        database.write_now(
            lambda s, when=when: write_launch(s, when, cells=700, end=when, text=text)
        )
    before = database.read_now(queries.free_pages)
    waits: list[float] = []
    started = await executions.start("retention", {})
    while executions.running():
        begun = time.perf_counter()
        await database.write(lambda s: None)
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(0.002)
    ended = await executions.wait(started.execution_id)
    assert ended.meta["deleted"]["e2e"] == 4 * (2 * 700 + 2)
    assert len(waits) > 10
    waits.sort()
    assert waits[int(len(waits) * 0.9)] < 0.1  # the machine itself may pause a few of them
    assert before[0] < 100
    assert ended.meta["freed_bytes"] > 4 * 700 * 6_000
    assert database.read_now(queries.free_pages)[0] == 0
    await executions.stop()
    await tasks.stop(2.0)


async def test_a_long_piece_is_followed_by_a_smaller_one_and_a_short_one_by_a_bigger() -> None:
    clock = FakeClock()
    pieces = Pieces(clock)

    async def work(seconds: float) -> int:
        clock._monotonic += seconds
        return 1

    sizes = []
    for seconds in (0.001, 0.02, 0.09, 0.05, *[0.2] * 8, *[0.0] * 20):
        await pieces.timed(work(seconds))
        sizes.append(pieces.size)
    assert sizes[:4] == [200, 200, 100, 50]
    assert min(sizes) == LEAST
    assert sizes[-1] == MOST
    assert pieces.longest_ms == 200


async def test_executions_with_long_timelines_go_a_few_at_a_time(
    database: Database, executions: Executions, clock: FakeClock
) -> None:
    at = clock.now() - OLD

    def fill(session: Session) -> None:
        for n in range(3):
            row = ExecutionRow(
                execution_id=f"exe_{n}", execution_type="demo", label="Demo", boot_id="b",
                status="succeeded", trigger="manual", created_at=at, updated_at=at, finished_at=at,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add_all(
                ExecutionEventRow(execution_id=row.id or 0, seq=seq, at=at, kind="x")
                for seq in range(2_000)
            )

    database.write_now(fill)
    assert await executions.prune_some(clock.now(), 500) == 2
    assert await executions.prune_some(clock.now(), 500) == 1
    assert await executions.prune_some(clock.now(), 500) == 0


async def test_the_last_result_is_of_the_newest_run_also_of_one_that_failed(
    database: Database, executions: Executions, retention: Retention
) -> None:
    assert await retention.last() is None
    await clean(executions)
    started = await executions.start("retention", {}, options=StartOptions(timeout_s=0.000001))
    await executions.wait(started.execution_id)
    last = await retention.last()
    assert last is not None
    assert last.execution_id == started.execution_id
    assert last.at is not None
    assert isinstance(last.at, datetime)


@pytest.mark.parametrize("days", [0, 3_651, "30", True])
async def test_days_out_of_range_are_refused(settings: Settings, days: object) -> None:
    with pytest.raises(Exception, match="whole number from 1 to 3650"):
        await settings.change({"retention_e2e_days": days})
