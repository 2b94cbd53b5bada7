"""What the store refuses, what the process suffers: nothing stays open, nothing is told falsely."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import executions as queries
from services.executions.ledger import Ledger
from services.executions.service import Executions
from services.executions.types import Execution, ExecutionState
from services.foundation.errors import StoreError
from services.foundation.tasks import Tasks
from tests.support.builders import until
from tests.support.clock import FakeClock, settle
from tests.support.executions import Work
from tests.support.postgres import both_stores


class Switch:
    """Lets changes through, or refuses them as a full disk does."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.refused = 0
        self._write = database.write
        monkeypatch.setattr(database, "write", self.write)

    async def write(self, change: Callable[[Session], Any]) -> Any:
        if self.is_full:
            self.refused += 1
            raise DatabaseUnavailableError("full", "no space left")
        return await self._write(change)


@pytest.fixture
def switch(store: Database, monkeypatch: pytest.MonkeyPatch) -> Switch:
    return Switch(store, monkeypatch)


async def test_a_start_the_store_refuses_is_told_and_leaves_nothing(
    executions: Executions, switch: Switch
) -> None:
    work = Work()
    executions.register(work.kind)
    switch.is_full = True
    with pytest.raises(StoreError):
        await executions.start("demo", {})
    assert executions.running() == ()
    switch.is_full = False
    work.go.set()
    started = await executions.start("demo", {})  # the exclusive kind is not held
    assert (await executions.wait(started.execution_id)).status is ExecutionState.SUCCEEDED


async def test_an_end_the_store_refuses_is_told_and_kept_until_it_is_taken(
    executions: Executions, switch: Switch, store: Database, clock: FakeClock
) -> None:
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    switch.is_full = True
    work.go.set()
    ending = asyncio.ensure_future(executions.wait(started.execution_id))
    for _ in range(4):
        await clock.advance(1.0)
    ended = await asyncio.wait_for(ending, 30)
    assert ended.status is ExecutionState.SUCCEEDED
    assert switch.refused >= 3
    row = store.read_now(lambda s: queries.find(s, started.execution_id))
    assert row is not None
    assert row.status == "running"
    assert (await executions.get(started.execution_id)).status is ExecutionState.SUCCEEDED
    assert (await executions.newest(1))[0].status is ExecutionState.SUCCEEDED
    switch.is_full = False
    await clock.advance(5.1)

    def is_stored() -> bool:
        row = store.read_now(lambda s: queries.find(s, started.execution_id))
        return row is not None and row.status == "succeeded"

    await until(is_stored)


async def test_progress_the_store_refuses_stops_nothing(
    executions: Executions, switch: Switch
) -> None:
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    switch.is_full = True
    await work.controls[0].progress(1, 2)
    await until(lambda: switch.refused)
    await settle()
    switch.is_full = False
    await work.controls[0].progress(2**70, -5)  # no column holds these
    work.go.set()
    ended = await executions.wait(started.execution_id)
    assert (ended.done, ended.total) == (2**31 - 1, 0)


async def test_an_ending_that_is_no_json_is_kept_without_its_additions(
    executions: Executions,
) -> None:
    work = Work()
    work.ending = type(work.ending)(ExecutionState.SUCCEEDED, meta={"bad": object()})
    work.go.set()
    executions.register(work.kind)
    started = await executions.start("demo", {"a": 1})
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.SUCCEEDED
    assert "type object" in ended.meta["meta_error"]
    assert ended.meta["params"] == {"a": 1}


async def test_a_fault_of_ours_while_closing_still_closes(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work()
    work.go.set()
    executions.register(work.kind)
    close = executions._keeper._write_output
    calls: list[int] = []

    async def once(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a fault of ours")
        await close(*arguments)

    monkeypatch.setattr(executions._keeper, "_write_output", once)
    started = await executions.start("demo", {})
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.FAILED
    assert ended.error == "RuntimeError: a fault of ours"
    assert executions.running() == ()


@both_stores
async def test_announcements_come_in_the_order_of_their_numbers_without_a_gap(
    executions: Executions,
) -> None:
    work = Work(exclusive=False)
    executions.register(work.kind)
    seen: list[Execution] = []
    executions.changed.subscribe(seen.append)
    started = [await executions.start("demo", {}) for _ in range(15)]
    await until(lambda: len(work.controls) == 15)
    for turn in range(5):
        for control in work.controls:
            await control.progress(turn, 5)
        await asyncio.sleep(0.01)
    await executions.cancel_many([one.execution_id for one in started[:5]])
    work.go.set()
    await until(lambda: not executions.running())
    numbers = [one.seq for one in seen]
    assert numbers == sorted(set(numbers))
    last = {one.id: one.seq for one in seen}
    stored = await executions.changed_since(0)
    assert {one.id: one.seq for one in stored} == last
    assert [one.seq for one in stored] == sorted(one.seq for one in stored)
    middle = numbers[len(numbers) // 2]
    missed = await executions.changed_since(middle)
    assert {one.id for one in missed} == {one.id for one in seen if one.seq > middle}


async def test_numbers_go_on_after_a_restart(store: Database, clock: FakeClock) -> None:
    work = Work()
    work.go.set()
    tasks = Tasks()
    before = Executions(store, clock, tasks)
    before.register(work.kind)
    ended = await before.wait((await before.start("demo", {})).execution_id)
    await tasks.stop(1.0)
    after = Executions(store, clock, tasks)
    after.register(work.kind)
    assert await after.newest_seq() == ended.seq
    seen: list[int] = []
    after.changed.subscribe(lambda e: seen.append(e.seq))
    await after.wait((await after.start("demo", {})).execution_id)
    assert seen[0] == ended.seq + 1
    await tasks.stop(1.0)


@both_stores
async def test_one_bad_change_harms_no_other(store: Database) -> None:
    tasks = Tasks()
    ledger = Ledger(store, tasks)
    told: list[int] = []

    def bad(_session: Session, _seq: int) -> None:
        raise ValueError("bad")

    def listen_badly(_seq: int, _value: Any) -> None:
        raise ZeroDivisionError

    def good(_session: Session, seq: int) -> int:
        return seq

    results = await asyncio.gather(
        ledger.put(good, lambda seq, _: told.append(seq)),
        ledger.put(bad),
        ledger.put(good, listen_badly),
        ledger.put(good, lambda seq, _: told.append(seq)),
        return_exceptions=True,
    )
    assert results[0] == 1
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], ZeroDivisionError)
    assert results[3] == 4
    assert told == [1, 4]
    await tasks.stop(1.0)


async def test_a_caller_that_leaves_takes_nothing_back(
    executions: Executions,
) -> None:
    work = Work()
    executions.register(work.kind)
    starting = asyncio.ensure_future(executions.start("demo", {}))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await work.begun.wait()
    (running,) = executions.running()
    work.go.set()
    assert (await executions.wait(running.execution_id)).status is ExecutionState.SUCCEEDED
