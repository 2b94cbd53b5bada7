"""Parts of an execution: told on its timeline, ended with it, whatever ends it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from services.executions.service import Executions
from services.executions.types import (
    Control,
    Ending,
    EventKind,
    Execution,
    ExecutionKind,
    ExecutionState,
    StartOptions,
    Trigger,
)
from services.foundation.errors import ConflictError
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.executions import Work
from tests.support.postgres import both_stores


async def whole_with_parts(
    executions: Executions, count: int = 2, **part: Any
) -> tuple[Work, Work, Execution, list[Execution]]:
    whole, work = Work("whole"), Work("part", exclusive=False, **part)
    executions.register(whole.kind)
    executions.register(work.kind)
    started = await executions.start(
        "whole", {}, trigger=Trigger.SCHEDULE, started_by="the schedule"
    )
    await whole.begun.wait()
    control = whole.controls[0]
    parts = [await control.start_child("part", {}) for _ in range(count)]
    await until(lambda: len(work.controls) == count)
    return whole, work, started, parts


@both_stores
async def test_parts_carry_their_whole_and_are_listed_under_it(executions: Executions) -> None:
    whole, work, started, parts = await whole_with_parts(executions)
    assert {part.parent_id for part in parts} == {started.id}
    assert {(part.trigger, part.started_by) for part in parts} == {
        (Trigger.SCHEDULE, "the schedule")
    }
    listed = await executions.children(started.execution_id)
    assert [one.id for one in listed] == [one.id for one in parts]
    work.go.set()
    for part in parts:
        await executions.wait(part.execution_id)
    whole.go.set()
    await executions.wait(started.execution_id)
    events = await executions.events(started.execution_id)
    told = [(e.kind, e.data.get("execution_id")) for e in events if e.kind.startswith("child")]
    ids = [part.execution_id for part in parts]
    assert told[:2] == [(EventKind.CHILD_STARTED, key) for key in ids]
    assert sorted(told[2:], key=str) == [(EventKind.CHILD_ENDED, key) for key in ids]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_s2_21_a_cancel_ends_the_work_and_every_part(executions: Executions) -> None:
    whole, work, started, parts = await whole_with_parts(executions, 3)
    await executions.cancel(started.execution_id, by="me")
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.CANCELLED
    assert whole.ended == ["CancelledError"]
    assert work.ended == ["CancelledError"] * 3
    for part in parts:
        row = await executions.get(part.execution_id)
        assert row.status is ExecutionState.CANCELLED
    assert executions.running() == ()
    times = [(await executions.get(p.execution_id)).finished_at for p in parts]
    assert all(at is not None and ended.finished_at is not None for at in times)


@pytest.mark.parametrize("way", ["returns", "raises"])
async def test_what_a_whole_leaves_behind_ends_with_it(executions: Executions, way: str) -> None:
    work = Work("part", exclusive=False)
    executions.register(work.kind)

    async def run(_params: Mapping[str, Any], control: Control) -> Ending:
        await control.start_child("part", {})
        await work.begun.wait()
        if way == "raises":
            raise ValueError("lost")
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("whole", "Whole", "science", run))
    started = await executions.start("whole", {})
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is (ExecutionState.SUCCEEDED if way == "returns" else ExecutionState.FAILED)
    (part,) = await executions.children(started.execution_id)
    assert part.status is ExecutionState.CANCELLED
    assert part.error == "What it was a part of ended"
    assert part.finished_at is not None
    assert ended.finished_at is not None
    assert part.seq < ended.seq
    assert executions.running() == ()


async def test_a_part_that_hangs_holds_its_whole_no_longer_than_the_ladder(
    executions: Executions, clock: FakeClock
) -> None:
    whole, work, started, parts = await whole_with_parts(executions, 1, stubborn=100)
    await executions.cancel(started.execution_id)
    await until(lambda: whole.ended == ["CancelledError"])
    assert {str(one.status) for one in executions.running()} == {"running"}
    await clock.advance(7.1)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.CANCELLED
    assert "by force" in (await executions.get(parts[0].execution_id)).error
    assert work.ended == ["GeneratorExit"]


async def test_an_ending_whole_starts_no_part(executions: Executions) -> None:
    part = Work("part", exclusive=False)
    executions.register(part.kind)
    refused: list[str] = []
    begun = asyncio.Event()

    async def run(_params: Mapping[str, Any], control: Control) -> Ending:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                await control.start_child("part", {})
            except ConflictError as error:
                refused.append(str(error))
            raise
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("whole", "Whole", "science", run))
    started = await executions.start("whole", {})
    await begun.wait()
    await executions.cancel(started.execution_id)
    await executions.wait(started.execution_id)
    assert refused == ["What it is a part of is ending"]
    assert part.controls == []


def states(executions: Executions) -> list[str]:
    return [str(one.status) for one in executions.running()]


async def test_a_cancel_while_a_part_is_being_started_ends_the_part_too(
    executions: Executions,
) -> None:
    whole, work = Work("whole"), Work("part", exclusive=False)
    executions.register(whole.kind)
    executions.register(work.kind)
    started = await executions.start("whole", {})
    await whole.begun.wait()
    starting = asyncio.ensure_future(
        whole.controls[0].start_child("part", {}, StartOptions(subject="late"))
    )
    await asyncio.sleep(0)  # its row is being written
    await executions.cancel(started.execution_id)
    part = await asyncio.wait_for(starting, 30)
    await asyncio.wait_for(executions.wait(started.execution_id), 30)
    await until(lambda: not executions.running())
    assert (await executions.get(part.execution_id)).status is ExecutionState.CANCELLED


async def test_a_timeout_ends_the_parts_as_timed_out(
    executions: Executions, clock: FakeClock
) -> None:
    whole, work = Work("whole", timeout_s=30.0), Work("part", exclusive=False)
    executions.register(whole.kind)
    executions.register(work.kind)
    started = await executions.start("whole", {})
    await whole.begun.wait()
    part = await whole.controls[0].start_child("part", {})
    await work.begun.wait()
    await clock.advance(30.1)
    ended = await asyncio.wait_for(executions.wait(started.execution_id), 30)
    assert ended.status is ExecutionState.TIMED_OUT
    assert (await executions.get(part.execution_id)).status is ExecutionState.TIMED_OUT
