"""The cancel ladder: asked, forced, left to itself; what a stop and a crash leave."""

import asyncio

import pytest

from db.engine import Database
from services.executions.running import Running
from services.executions.service import Executions
from services.executions.types import (
    EventKind,
    ExecutionState,
)
from services.foundation.errors import ConflictError
from services.foundation.tasks import Tasks
from tests.support.clock import FakeClock
from tests.support.executions import Work
from tests.support.postgres import both_stores


async def test_work_that_ignores_the_request_is_forced_after_the_grace(
    executions: Executions, clock: FakeClock
) -> None:
    work = Work(stubborn=1)
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    await executions.cancel(started.execution_id)
    await clock.advance(4.9)
    assert executions.running()
    await clock.advance(0.2)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 5)
    assert ended.status is ExecutionState.CANCELLED
    assert work.cancels == 2


async def test_work_that_swallows_every_cancel_is_ended_from_outside(
    executions: Executions, clock: FakeClock
) -> None:
    work = Work(stubborn=100)
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    await executions.cancel(started.execution_id)
    await clock.advance(7.1)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 5)
    assert ended.status is ExecutionState.CANCELLED
    assert "by force" in ended.error
    assert work.ended == ["GeneratorExit"]


async def test_work_that_not_even_force_ends_is_left_to_itself_and_said_so(
    executions: Executions, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Running, "close_work", lambda _run: None)
    work = Work(stubborn=100)
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    await executions.cancel(started.execution_id)
    await clock.advance(10)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 5)
    assert ended.status is ExecutionState.CANCELLED
    assert "left to itself" in ended.error
    kinds = [event.kind for event in await executions.events(started.execution_id)]
    assert kinds == [
        EventKind.CREATED,
        EventKind.STARTED,
        EventKind.CANCEL_ASKED,
        EventKind.CANCEL_FORCED,
        EventKind.CANCEL_ABANDONED,
        EventKind.ENDED,
    ]
    work.go.set()


async def test_stopping_the_console_leaves_every_run_interrupted(executions: Executions) -> None:
    work = Work(exclusive=False)
    executions.register(work.kind)
    first = await executions.start("demo", {})
    second = await executions.start("demo", {})
    await work.begun.wait()
    asked: list[int] = []
    executions.noted.subscribe(
        lambda e: asked.append(e.execution_id) if e.kind == EventKind.CANCEL_ASKED else None
    )
    await executions.stop()
    assert asked == [first.id, second.id]
    assert executions.running() == ()
    for one in (first, second):
        assert (await executions.get(one.execution_id)).status is ExecutionState.INTERRUPTED
    with pytest.raises(ConflictError):
        await executions.start("demo", {})


async def test_a_keeper_that_is_cancelled_still_records_the_end(
    database: Database, clock: FakeClock
) -> None:
    tasks = Tasks()
    executions = Executions(database, clock, tasks)
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    await tasks.stop()
    stored = await executions.get(started.execution_id)
    assert stored.status is ExecutionState.INTERRUPTED


@both_stores
async def test_what_another_start_left_open_becomes_interrupted_with_a_reason(
    store: Database, clock: FakeClock
) -> None:
    before = Executions(store, clock, Tasks())
    work = Work()
    before.register(work.kind)
    left = await before.start("demo", {})
    after = Executions(store, clock, Tasks())
    after.register(work.kind)
    mine = await after.start("demo", {})
    assert await after.recover() == 1
    row = await after.get(left.execution_id)
    assert row.status is ExecutionState.INTERRUPTED
    assert row.error
    assert row.finished_at == clock.now()
    assert (await after.get(mine.execution_id)).status is ExecutionState.RUNNING
    assert await after.recover() == 0
    work.go.set()
    await after.wait(mine.execution_id)
    await before.stop()
    # a late end of the old start changes nothing: final states are never left
    assert (await after.get(left.execution_id)).status is ExecutionState.INTERRUPTED
