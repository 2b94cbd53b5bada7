"""Limits over all kinds and for one, the visible queue, and what waits when things change."""

import asyncio

import pytest

from services.executions import service
from services.executions.service import Executions
from services.executions.types import ExecutionState, StartOptions
from services.foundation.errors import ConflictError
from services.settings.service import Settings
from tests.support.builders import until
from tests.support.executions import Work


@pytest.fixture
async def limited(executions: Executions, settings: Settings) -> Executions:
    await settings.change({"max_executions": 2})
    return executions


def states(executions: Executions) -> list[str]:
    return [str(one.status) for one in executions.running()]


async def test_s2_51_one_more_than_the_limit_waits_as_pending(limited: Executions) -> None:
    work = Work(exclusive=False)
    limited.register(work.kind)
    started = [await limited.start("demo", {}) for _ in range(4)]
    await until(lambda: states(limited) == ["running", "running", "pending", "pending"])
    assert [one.queue_place for one in limited.running()] == [0, 0, 1, 2]
    assert (limited.counts().running, limited.counts().pending) == (2, 2)
    assert (await limited.get(started[3].execution_id)).queue_place == 2
    assert [one.queue_place for one in await limited.newest(2)] == [2, 1]
    stored = await limited.page(limit=1)
    assert stored.rows[0].status is ExecutionState.PENDING
    work.go.set()
    ended = [await limited.wait(one.execution_id) for one in started]
    assert {one.status for one in ended} == {ExecutionState.SUCCEEDED}
    begun = [one.started_at for one in ended]
    assert begun == sorted(begun, key=str)
    assert [control.execution.id for control in work.controls] == [one.id for one in started]


async def test_s2_13_every_open_run_is_counted_the_waiting_too(executions: Executions) -> None:
    work = Work(exclusive=False, limit=5)
    executions.register(work.kind)
    for _ in range(12):
        await executions.start("demo", {})
    await until(lambda: states(executions).count("running") == 5)
    assert executions.counts().total == len(executions.running()) == 12
    work.go.set()
    await until(lambda: executions.counts().total == 0)


async def test_a_full_kind_lets_another_kind_pass(limited: Executions) -> None:
    slow, other = Work("slow", exclusive=False, limit=1), Work("other", exclusive=False)
    limited.register(slow.kind)
    limited.register(other.kind)
    await limited.start("slow", {})
    await limited.start("slow", {})
    await limited.start("other", {})
    await until(lambda: states(limited) == ["running", "pending", "running"])
    slow.go.set()
    other.go.set()
    await until(lambda: not limited.running())


async def test_a_waiting_run_is_cancelled_without_ever_running(limited: Executions) -> None:
    work = Work(exclusive=False)
    limited.register(work.kind)
    for _ in range(2):
        await limited.start("demo", {})
    waiting = await limited.start("demo", {})
    behind = await limited.start("demo", {})
    await limited.cancel(waiting.execution_id, by="somebody")
    ended = await limited.wait(waiting.execution_id)
    assert ended.status is ExecutionState.CANCELLED
    assert ended.error == "It was cancelled by somebody"
    assert ended.started_at is None
    assert len(work.controls) == 2
    assert (await limited.get(behind.execution_id)).queue_place == 1
    work.go.set()
    await limited.wait(behind.execution_id)


async def test_a_raised_limit_lets_the_next_ones_run(
    limited: Executions, settings: Settings
) -> None:
    work = Work(exclusive=False)
    limited.register(work.kind)
    for _ in range(4):
        await limited.start("demo", {})
    await settings.change({"max_executions": 3})
    await until(lambda: states(limited) == ["running"] * 3 + ["pending"])
    work.go.set()
    await until(lambda: not limited.running())


async def test_parts_take_no_place_so_that_waiting_wholes_can_end(limited: Executions) -> None:
    part = Work("part", exclusive=False)
    part.go.set()
    limited.register(part.kind)
    whole = Work("whole", exclusive=False)
    limited.register(whole.kind)
    for _ in range(2):
        await limited.start("whole", {})
    await until(lambda: len(whole.controls) == 2)
    assert limited.counts().running == limited.limit
    for control in whole.controls:
        started = await control.start_child("part", {}, StartOptions(subject="a step"))
        ended = await asyncio.wait_for(control.wait_child(started.execution_id), 30)
        assert ended.status is ExecutionState.SUCCEEDED
    whole.go.set()
    await until(lambda: not limited.running())


async def test_a_kind_inside_its_own_kind_does_not_wait_for_itself(
    executions: Executions,
) -> None:
    work = Work("nested", exclusive=False, limit=1)
    executions.register(work.kind)
    await executions.start("nested", {})
    await until(lambda: len(work.controls) == 1)
    inner = await work.controls[0].start_child("nested", {})
    await until(lambda: len(work.controls) == 2)
    innermost = await work.controls[1].start_child("nested", {})
    await until(lambda: len(work.controls) == 3)
    other = await executions.start("nested", {})
    assert [one.execution_id for one in executions.running() if one.queue_place] == [
        other.execution_id
    ]
    work.go.set()
    for one in (inner, innermost, other):
        assert (await executions.wait(one.execution_id)).status is ExecutionState.SUCCEEDED


async def test_a_queue_has_an_end(limited: Executions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "QUEUE_MAX", 3)
    work = Work(exclusive=False)
    limited.register(work.kind)
    for _ in range(5):
        await limited.start("demo", {})
    with pytest.raises(ConflictError, match="3 executions wait already"):
        await limited.start("demo", {})
    work.go.set()
    await until(lambda: not limited.running())


async def test_an_exclusive_kind_that_waits_refuses_a_second_one(limited: Executions) -> None:
    filler, work = Work("filler", exclusive=False), Work("alone")
    limited.register(filler.kind)
    limited.register(work.kind)
    for _ in range(2):
        await limited.start("filler", {})
    waiting = await limited.start("alone", {})
    with pytest.raises(ConflictError) as refused:
        await limited.start("alone", {})
    assert refused.value.existing_id == waiting.execution_id
    filler.go.set()
    work.go.set()
    await limited.wait(waiting.execution_id)


async def test_stopping_interrupts_what_waits_before_it_ever_ran(limited: Executions) -> None:
    work = Work(exclusive=False)
    limited.register(work.kind)
    started = [await limited.start("demo", {}) for _ in range(4)]
    await asyncio.wait_for(limited.stop(), 5)
    rows = [await limited.get(one.execution_id) for one in started]
    assert {row.status for row in rows} == {ExecutionState.INTERRUPTED}
    assert len(work.controls) <= 2
