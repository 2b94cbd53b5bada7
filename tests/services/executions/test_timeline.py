"""Timelines, time limits, running again, pruning: what a record tells and how long it stays."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from db.engine import Database
from db.tables.executions import ExecutionEventRow
from services.executions import service
from services.executions.service import Executions
from services.executions.types import (
    Control,
    Ending,
    EventKind,
    ExecutionEvent,
    ExecutionKind,
    ExecutionState,
    StartOptions,
    Trigger,
)
from services.foundation.errors import InputError, NotFoundError
from services.settings.types import Env
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.executions import Work
from tests.support.postgres import both_stores


@both_stores
async def test_the_timeline_is_gapless_and_can_be_read_from_any_point(
    executions: Executions,
) -> None:
    work = Work()
    executions.register(work.kind)
    heard: list[ExecutionEvent] = []
    executions.noted.subscribe(heard.append)
    started = await executions.start("demo", {})
    await work.begun.wait()
    control = work.controls[0]
    numbers = await asyncio.gather(
        *(control.note("step", "Step {n} of 20", {"n": n}) for n in range(20))
    )
    assert numbers == list(range(3, 23))
    work.go.set()
    await executions.wait(started.execution_id)
    events = await executions.events(started.execution_id)
    assert [event.seq for event in events] == list(range(1, 24))
    assert [event.kind for event in events[:2]] == [EventKind.CREATED, EventKind.STARTED]
    assert str(events[2].message) == "Step 0 of 20"
    assert events[-1].data["status"] == "succeeded"
    assert heard == events
    later = await executions.events(started.execution_id, since=20)
    assert [event.seq for event in later] == [21, 22, 23]
    assert len(await executions.events(started.execution_id, limit=5)) == 5
    assert await control.note("late") == 0  # it has ended: its timeline is closed
    assert len(await executions.events(started.execution_id)) == 23


@both_stores
async def test_an_acknowledged_event_is_on_disk(executions: Executions, store: Database) -> None:
    work = Work()
    executions.register(work.kind)
    await executions.start("demo", {})
    await work.begun.wait()
    number = await work.controls[0].note("step", data={"odd": "a\x00\ud800b", "set": {"b", "a"}})
    rows = store.read_now(lambda s: list(s.exec(select(ExecutionEventRow)).all()))
    row = next(row for row in rows if row.seq == number)
    assert row.data == {"odd": "a\\x00\\ud800b", "set": ["a", "b"]}
    with pytest.raises(InputError):
        await work.controls[0].note("step", data={"odd": object()})
    work.go.set()


async def test_work_that_says_too_much_is_capped_and_told(
    executions: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EVENTS_MAX", 3)
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    numbers = [await work.controls[0].note("step") for _ in range(6)]
    assert numbers == [3, 4, 5, 6, 0, 0]
    work.go.set()
    await executions.wait(started.execution_id)
    kinds = [event.kind for event in await executions.events(started.execution_id)]
    assert kinds[-2:] == [EventKind.EVENTS_CAPPED, EventKind.ENDED]


async def test_a_time_limit_ends_the_work_as_timed_out(
    executions: Executions, clock: FakeClock
) -> None:
    work = Work(timeout_s=60.0)
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    await clock.advance(59)
    assert executions.running()
    await clock.advance(1.1)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.TIMED_OUT
    assert ended.error == "It took longer than the 60 s it may take"
    asked = [
        e for e in await executions.events(started.execution_id) if e.kind == EventKind.CANCEL_ASKED
    ]
    assert asked[0].data["as"] == "timed_out"


async def test_a_start_may_set_its_own_time_limit(executions: Executions, clock: FakeClock) -> None:
    work = Work(timeout_s=60.0, stubborn=100)
    executions.register(work.kind)
    started = await executions.start("demo", {}, options=StartOptions(timeout_s=2.5))
    assert started.timeout_s == 2.5
    await work.begun.wait()
    await clock.advance(2.6 + 7.1)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.TIMED_OUT


async def test_running_again_takes_the_same_parameters_and_says_of_what(
    executions: Executions,
) -> None:
    got: list[Mapping[str, Any]] = []

    async def run(params: Mapping[str, Any], _control: Control) -> Ending:
        got.append(params)
        return Ending(ExecutionState.SUCCEEDED)

    def again(params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**params, "slot": None}

    executions.register(ExecutionKind("demo", "Demo", "science", run, again=again))
    first = await executions.start(
        "demo",
        {"test_input": "hello", "slot": 7, "models": ["a"]},
        trigger=Trigger.SCHEDULE,
        options=StartOptions(subject="Coach", agent_id=4, timeout_s=9.0),
    )
    await executions.wait(first.execution_id)
    second = await executions.run_again(str(first.id), started_by="me")
    await executions.wait(second.execution_id)
    assert got[1] == {"test_input": "hello", "slot": None, "models": ["a"]}
    assert (second.again_of, second.subject, second.agent_id) == (first.id, "Coach", 4)
    assert (second.trigger, second.started_by, second.timeout_s) == (Trigger.MANUAL, "me", 9.0)
    with pytest.raises(NotFoundError):
        await executions.run_again("exe_nothing")


async def test_what_a_kind_refuses_leaves_no_row(executions: Executions) -> None:
    def check(params: Mapping[str, Any]) -> None:
        if "model" not in params:
            raise InputError("Choose a model", field="model")

    work = Work(check=check)
    executions.register(work.kind)
    with pytest.raises(InputError, match="Choose a model"):
        await executions.start("demo", {})
    with pytest.raises(InputError) as refused:
        await executions.start("demo", {"model": "x", "extra": object()})
    assert refused.value.field == "params"
    assert await executions.newest() == []
    work.go.set()
    started = await executions.start("demo", {"model": "x"})
    await executions.wait(started.execution_id)


@both_stores
async def test_s2_53_old_ones_go_with_their_timeline_and_output_running_ones_never(
    executions: Executions, clock: FakeClock, env: Env, store: Database
) -> None:
    work = Work(exclusive=False)
    executions.register(work.kind)
    running = await executions.start("demo", {})
    await work.begun.wait()
    old = []
    for _ in range(3):
        done = Work("done", exclusive=False)
        done.ending = Ending(ExecutionState.SUCCEEDED, output="y" * 70_000)
        done.go.set()
        executions.register(done.kind)
        old.append(await executions.start("done", {}))
        await executions.wait(old[-1].execution_id)
    folder = env.runtime_dir / "executions"
    assert len(list(folder.iterdir())) == 3
    clock.jump(31 * 86_400)
    kept = await executions.start("done", {})
    await executions.wait(kept.execution_id)
    assert await executions.prune(clock.now() - timedelta(days=30)) == 3
    assert [one.execution_id for one in await executions.newest()] == [
        kept.execution_id,
        running.execution_id,
    ]
    assert [path.stem for path in folder.iterdir()] == [kept.execution_id]
    rows = store.read_now(lambda s: {row.execution_id for row in s.exec(select(ExecutionEventRow))})
    assert rows == {running.id, kept.id}
    assert await executions.prune(clock.now() - timedelta(days=30)) == 0
    work.go.set()
    await until(lambda: not executions.running())
