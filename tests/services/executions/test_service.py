"""Executions: started once, ended once, stored before they are announced."""

import asyncio

import pytest

from db.engine import Database
from services.executions.service import Executions
from services.executions.types import (
    Ending,
    Execution,
    ExecutionState,
    Trigger,
)
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.foundation.messages import say
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.executions import Work
from tests.support.postgres import both_stores


@both_stores
async def test_a_start_is_stored_and_announced_and_its_end_is_too(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    seen: list[Execution] = []
    executions.changed.subscribe(seen.append)
    started = await executions.start("demo", {"a": 1}, trigger=Trigger.API, started_by="somebody")
    assert started.status is ExecutionState.PENDING
    assert [e.execution_id for e in executions.running()] == [started.execution_id]
    work.go.set()
    ended = await executions.wait(started.execution_id)
    stored = await executions.get(started.execution_id)
    assert ended == stored
    assert stored.status is ExecutionState.SUCCEEDED
    assert stored.output == "done"
    assert stored.trigger is Trigger.API
    assert stored.started_by == "somebody"
    assert stored.meta["params"] == {"a": 1}
    assert [str(e.status) for e in seen] == ["pending", "running", "succeeded"]
    assert executions.running() == ()
    assert (await executions.get(str(stored.id))).execution_id == stored.execution_id


async def test_when_the_end_is_announced_the_store_already_knows_it(
    executions: Executions, database: Database
) -> None:
    work = Work()
    executions.register(work.kind)
    known: list[str] = []

    def look(execution: Execution) -> None:
        if execution.status.is_final:
            from db.queries.executions import find  # noqa: PLC0415

            row = database.read_now(lambda s: find(s, execution.execution_id))
            assert row is not None
            known.append(row.status)
            assert executions.running() == ()

    executions.changed.subscribe(look)
    started = await executions.start("demo", {})
    work.go.set()
    await executions.wait(started.execution_id)
    await until(lambda: known == ["succeeded"])


async def test_a_second_start_of_an_exclusive_kind_names_the_running_one(
    executions: Executions,
) -> None:
    work = Work()
    executions.register(work.kind)
    first = await executions.start("demo", {})
    with pytest.raises(ConflictError) as refused:
        await executions.start("demo", {})
    assert refused.value.existing_id == first.execution_id
    work.go.set()
    await executions.wait(first.execution_id)


async def test_two_starts_at_the_same_moment_give_one_run(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    answers = await asyncio.gather(
        *(executions.start("demo", {}) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(a, Execution) for a in answers) == 1
    assert sum(isinstance(a, ConflictError) for a in answers) == 4
    assert len(executions.running()) == 1


async def test_kinds_that_are_not_exclusive_run_side_by_side(executions: Executions) -> None:
    work = Work(exclusive=False)
    executions.register(work.kind)
    first = await executions.start("demo", {})
    second = await executions.start("demo", {})
    assert [e.id for e in executions.running()] == [first.id, second.id]


async def test_work_that_raises_ends_failed_with_its_text_cut(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {"raise": True})
    work.go.set()
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.FAILED
    assert ended.error_kind == "ValueError"
    assert len(ended.error) == 2000
    assert ended.error.startswith("ValueError: xxx")


async def test_a_cancel_ends_the_work_and_a_second_one_is_refused(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    asked = await executions.cancel(started.execution_id)
    assert asked.is_cancelling
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.CANCELLED
    assert not ended.is_cancelling
    assert work.cancels == 1
    with pytest.raises(ConflictError):
        await executions.cancel(started.execution_id)
    with pytest.raises(NotFoundError):
        await executions.cancel("exe_unknown")


async def test_a_cancel_before_the_first_step_still_closes_the_row(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)

    def at_once(execution: Execution) -> None:
        if execution.status is ExecutionState.RUNNING and not execution.is_cancelling:
            run = executions._roster.find(execution.execution_id)
            assert run is not None
            executions._keeper.ladder.ask(run, ExecutionState.CANCELLED, say("now"))

    executions.changed.subscribe(at_once)
    started = await executions.start("demo", {})
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.CANCELLED
    assert not work.begun.is_set()


@both_stores
async def test_progress_is_saved_at_once_then_coalesced(
    executions: Executions, clock: FakeClock
) -> None:
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    seen: list[int] = []
    executions.changed.subscribe(lambda e: seen.append(e.done))
    control = work.controls[0]
    await control.progress(1, 100)
    await until(lambda: seen == [1])
    for done in range(2, 51):
        await control.progress(done, 100)
    assert seen == [1]
    assert executions.running()[0].done == 50
    await clock.advance(0.2)
    await until(lambda: seen == [1, 50])
    await control.progress(100, 100)
    work.go.set()
    ended = await executions.wait(started.execution_id)
    assert (ended.done, ended.total) == (100, 100)
    stored = await executions.get(started.execution_id)
    assert (stored.done, stored.total) == (100, 100)


async def test_an_input_over_5000_characters_is_refused_before_anything_runs(
    executions: Executions,
) -> None:
    work = Work()
    executions.register(work.kind)
    with pytest.raises(InputError) as refused:
        await executions.start("demo", {"test_input": "x" * 5001})
    assert refused.value.field == "test_input"
    assert executions.running() == ()
    work.go.set()
    started = await executions.start("demo", {"test_input": "x" * 5000})
    await executions.wait(started.execution_id)


async def test_an_unknown_kind_or_id_is_said_so(executions: Executions) -> None:
    with pytest.raises(NotFoundError):
        await executions.start("nothing", {})
    for key in ("exe_nothing", "99", "9" * 40):
        with pytest.raises(NotFoundError):
            await executions.get(key)


async def test_the_newest_come_first_and_the_limit_holds(executions: Executions) -> None:
    work = Work(exclusive=False)
    work.go.set()
    executions.register(work.kind)
    ids = [(await executions.start("demo", {})).execution_id for _ in range(5)]
    for one in ids:
        await executions.wait(one)
    assert [e.execution_id for e in await executions.newest(3)] == ids[:1:-1]


async def test_odd_text_in_an_output_is_kept_escaped(executions: Executions) -> None:
    work = Work()
    work.ending = Ending(ExecutionState.SUCCEEDED, output="a\x00b\ud800c")
    work.go.set()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await executions.wait(started.execution_id)
    assert (await executions.get(started.execution_id)).output == "a\\x00b\\ud800c"
