"""Rows of the requirements (S2.*) that the service alone can prove."""

import asyncio
import gc
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from db.engine import Database
from db.queries import executions as queries
from db.tables.executions import ExecutionRow
from services.executions.service import Executions
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionKind,
    ExecutionState,
)
from services.foundation.errors import InputError
from services.foundation.tasks import Tasks
from services.settings.service import Settings
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.executions import Work

KINDS = (
    "e2e",
    "agent_test",
    "workflow",
    "load_test",
    "dialog",
    "probe",
    "sync",
    "backup",
    "retention",
    "import",
)


async def test_s2_1_all_kinds_live_in_one_table_without_dummy_values(
    executions: Executions, store: Database
) -> None:
    for name in KINDS:
        work = Work(name)
        work.go.set()
        executions.register(work.kind)
        await executions.wait((await executions.start(name, {})).execution_id)
    rows = [
        store.read_now(lambda s, n=n: queries.find_by_number(s, n))
        for n in range(1, len(KINDS) + 1)
    ]
    assert [row.execution_type for row in rows if row] == list(KINDS)
    for row in rows:
        assert row is not None
        assert (row.agent_id, row.workflow_id, row.task_id, row.parent_id) == (None,) * 4


async def test_s2_3_a_run_ends_though_nobody_listens_any_more(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    leave = executions.changed.subscribe(lambda _: None)
    started = await executions.start("demo", {})
    await work.begun.wait()
    leave()
    assert executions.changed.subscriber_count == 0
    work.go.set()
    assert (await executions.wait(started.execution_id)).status is ExecutionState.SUCCEEDED


async def test_s2_7_a_partial_update_holds_the_whole_record(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    seen: list[Execution] = []
    executions.changed.subscribe(seen.append)
    started = await executions.start("demo", {"a": 1}, started_by="me")
    await work.begun.wait()
    await work.controls[0].progress(1, 3)
    await until(lambda: seen[-1].done == 1)
    constant = ("id", "execution_id", "label", "created_at", "started_by", "meta", "trigger")
    for one in seen:
        for name in constant:
            assert getattr(one, name) == getattr(started, name)
    work.go.set()


async def test_s2_12_progress_moves_while_it_runs(executions: Executions, clock: FakeClock) -> None:
    work = Work()
    executions.register(work.kind)
    seen: list[tuple[int, int]] = []
    executions.changed.subscribe(lambda e: seen.append((e.done, e.total)))
    await executions.start("demo", {})
    await work.begun.wait()
    for done in (1, 2, 3):
        await work.controls[0].progress(done, 3)
        await until(lambda n=done: seen[-1] == (n, 3))
        await clock.advance(0.21)
    work.go.set()


async def test_s2_19_a_new_kind_is_one_registration(executions: Executions) -> None:
    async def run(_params: Mapping[str, Any], _control: Control) -> Ending:
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("brand_new", "Brand new", "star", run))
    started = await executions.start("brand_new", {})
    assert started.label == "Brand new"
    assert executions.kinds["brand_new"].icon == "star"
    await executions.wait(started.execution_id)


async def test_s2_22_kinds_and_states_are_stored_as_text(
    executions: Executions, store: Database
) -> None:
    work = Work("agent_test")
    work.go.set()
    executions.register(work.kind)
    await executions.wait((await executions.start("agent_test", {})).execution_id)
    with store.writing_engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT execution_type, status FROM executions").one()
    assert tuple(row) == ("agent_test", "succeeded")


async def test_s2_23_5001_characters_are_refused_with_a_message(executions: Executions) -> None:
    executions.register(Work().kind)
    with pytest.raises(InputError, match="5001 characters; at most 5000"):
        await executions.start("demo", {"test_input": "x" * 5_001})


def test_s2_24_and_25_the_columns_are_there_and_optional() -> None:
    names = ExecutionRow.model_fields
    for name in ("task_id", "workflow_id", "agent_id"):
        assert not names[name].is_required()
    for name in ("error_message", "meta", "started_at", "created_at", "updated_at", "finished_at"):
        assert name in names
    shown = {field.name for field in fields(Execution)}
    assert {"input", "output", "error_kind", "error", "parent_id", "trigger", "started_by"} <= shown


async def test_s2_25_a_long_error_is_stored_cut(executions: Executions) -> None:
    work = Work()
    work.go.set()
    executions.register(work.kind)
    started = await executions.start("demo", {"raise": True})
    await executions.wait(started.execution_id)
    stored = await executions.get(started.execution_id)
    assert len(stored.error) == 2_000
    assert stored.error.endswith("…")


async def test_s2_43_a_start_is_in_the_list_within_a_second(executions: Executions) -> None:
    work = Work()
    executions.register(work.kind)
    started = await executions.start("demo", {})
    assert [one.id for one in (await executions.page()).rows] == [started.id]
    work.go.set()


async def test_s2_48_five_runs_side_by_side_do_not_disturb_each_other(
    executions: Executions,
) -> None:
    async def run(params: Mapping[str, Any], control: Control) -> Ending:
        name = str(params["name"])
        for step in range(1, 11):
            control.append_output(f"{name}{step} ")
            await control.progress(step, 10)
            await control.note("step", data={"of": name})
        if name == "c":
            raise ValueError(name)
        return Ending(ExecutionState.SUCCEEDED, meta={"name": name})

    executions.register(ExecutionKind("demo", "Demo", "science", run, is_exclusive=False))
    started = {name: await executions.start("demo", {"name": name}) for name in "abcde"}
    for name, one in started.items():
        ended = await executions.wait(one.execution_id)
        assert ended.status is (ExecutionState.FAILED if name == "c" else ExecutionState.SUCCEEDED)
        assert ended.output == "".join(f"{name}{step} " for step in range(1, 11))
        assert ended.done == 10
        steps = [e for e in await executions.events(one.execution_id) if e.kind == "step"]
        assert [e.data for e in steps] == [{"of": name}] * 10


async def test_a_cancel_ends_network_calls_too(executions: Executions) -> None:
    gone, met = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read()  # until the other side is gone
        gone.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def run(_params: Mapping[str, Any], _control: Control) -> Ending:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await reader.read()
        finally:
            writer.close()
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("call", "Call", "science", run))
    started = await executions.start("call", {})
    await asyncio.wait_for(met.wait(), 30)
    await executions.cancel(started.execution_id)
    assert (await executions.wait(started.execution_id)).status is ExecutionState.CANCELLED
    await asyncio.wait_for(gone.wait(), 30)
    server.close()
    await server.wait_closed()


def _of_the_product() -> int:
    """How many objects of this product's own classes are alive."""
    gc.collect()
    ours = ("services.", "db.")
    return sum(str(type(one).__module__).startswith(ours) for one in gc.get_objects())


async def test_many_runs_leave_nothing_behind(
    store: Database, clock: FakeClock, settings: Settings
) -> None:
    """`make bench ARGS=executions` does the same with 10,000 and looks at the process's memory."""
    tasks = Tasks()
    executions = Executions(store, clock, tasks, settings)

    async def run(_params: Mapping[str, Any], control: Control) -> Ending:
        control.append_output("some output ")
        await control.note("step")
        return Ending(ExecutionState.SUCCEEDED)

    executions.register(ExecutionKind("demo", "Demo", "science", run, is_exclusive=False))

    async def many(count: int) -> None:
        for _ in range(count // 50):
            started = await asyncio.gather(*(executions.start("demo", {}) for _ in range(50)))
            await asyncio.gather(*(executions.wait(one.execution_id) for one in started))
            await clock.advance(10)  # flushing tasks end

    await many(100)
    before = _of_the_product()
    await many(200)
    await clock.advance(10)
    await until(lambda: tasks.names == [])
    await store.write(lambda _: None)  # the writer holds on to its last group until the next
    assert _of_the_product() - before < 50  # one object a run would be a leak
    await tasks.stop(1.0)


async def test_a_reason_keeps_its_template_so_that_pages_can_translate_it(
    executions: Executions, clock: FakeClock
) -> None:
    work = Work(timeout_s=3.0)
    executions.register(work.kind)
    started = await executions.start("demo", {})
    await work.begun.wait()
    await clock.advance(3.1)
    await asyncio.wait_for(executions.wait(started.execution_id), 30)
    stored = await executions.get(started.execution_id)
    assert stored.reason.text == "It took longer than the {seconds:g} s it may take"
    assert str(stored.reason) == stored.error == "It took longer than the 3 s it may take"
    failing = Work("failing")
    failing.go.set()
    executions.register(failing.kind)
    failed = await executions.start("failing", {"raise": True})
    ended = await executions.wait(failed.execution_id)
    assert str(ended.reason) == ended.error  # foreign words are no template
    assert "said" not in ended.meta
