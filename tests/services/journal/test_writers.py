"""S4.63, S4.67: every path that writes results goes on while the database refuses, and nothing is lost."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, func, select

from db.connect import Access
from db.engine import Database
from db.queries import usage as usage_queries
from db.tables.e2e_runs import E2eCellRow, E2eReplyRow
from db.tables.executions import ExecutionEventRow, ExecutionRow
from db.tables.load_runs import LoadRunRow, PromptTestRow
from db.tables.messages import ConversationLogRow, GatewayMessageRow
from db.tables.usage import AiRequestMinuteRow, ModelDailyUsageRow, UserActivityRow
from services.accounts.types import Caller, UserType
from services.e2e.types import CellStatus, LaunchRequest, RunStatus
from services.executions.types import Ending, ExecutionKind, ExecutionState
from services.foundation.tasks import Tasks
from services.gateway.quota import Quota
from services.gateway.recorder import Recorder as LogRecorder
from services.journal.service import Journal
from services.settings.types import Env
from services.stats.counters import Counters
from services.stats.flushing import Flushing
from tests.support.clock import FakeClock
from tests.support.e2e_desk import E2eDesk
from tests.support.journal import Switch, content, files
from tests.support.load_desk import LoadDesk
from tests.support.postgres import both_stores
from tests.support.upstream import FakeUpstream, good

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["a", "b", "c"]
        yield server


@pytest.fixture
def impatient(env: Env, empty_store: Path) -> Iterator[Database]:
    """A real SQLite file whose writer waits for other programs' locks for a moment only."""
    path = env.database_path
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(empty_store.read_bytes())
    store = Database(env.database_url, access=Access(busy_ms=20, lock_attempts=1))
    yield store
    store.close_now()


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(str(database.path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def number_of(database: Database, row: Any) -> int:
    def count(session: Session) -> int:
        return session.exec(select(func.count()).select_from(row)).one()

    return database.read_now(count)


def tables_in(folder: Path) -> set[str]:
    return {content(path)["table"] for path in files(folder)}


@pytest.fixture
async def load_desk(
    impatient: Database, env: Env, upstream: FakeUpstream
) -> AsyncIterator[LoadDesk]:
    made = LoadDesk(impatient, env)
    await made.aim(upstream)
    yield made
    await made.stop()


async def test_s4_63_a_database_locked_during_a_load_test_loses_no_call(
    load_desk: LoadDesk, impatient: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(gap_s=0.01))
    folder = env.runtime_dir / "journal"
    execution = await load_desk.begin(users=5, requests=60, models=["a"])
    began = time.monotonic()
    while number_of(impatient, PromptTestRow) == 0 and time.monotonic() - began < 20:
        await load_desk.clock.sleep(0.02)
    with locked(impatient):
        ended = await load_desk.executions.wait(execution.execution_id)
        assert ended.status is ExecutionState.SUCCEEDED
        waiting = load_desk.journal.waiting
        stored = number_of(impatient, PromptTestRow)
        assert 0 < stored < 60
        assert {"ai_prompt_tests", "load_runs", "executions"} <= tables_in(folder)
        assert load_desk.journal.view.reason.startswith(("locked", "refused"))
        assert (await load_desk.journal.replay()).left == waiting
    await load_desk.journal.replay()
    assert number_of(impatient, PromptTestRow) == 60
    assert (files(folder), load_desk.journal.waiting) == ([], 0)
    run = await load_desk.loadtest.run(execution.execution_id)
    assert (str(run.state), run.stored) == ("succeeded", 60)
    row = impatient.read_now(
        lambda s: s.exec(select(ExecutionRow).where(ExecutionRow.execution_id == run.run_id)).one()
    )
    assert row.status == "succeeded"
    notes = impatient.read_now(
        lambda s: s.exec(
            select(ExecutionEventRow.kind).where(ExecutionEventRow.execution_id == row.id)
        ).all()
    )
    assert {"journal", "ended"} <= set(notes)  # told on the run itself


async def test_s4_36_a_thousand_results_take_few_transactions(
    database: Database, env: Env, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = LoadDesk(database, env)
    await desk.aim(upstream)
    kept: list[int] = []
    keep = desk.loadtest._parts.database.write

    async def write(change: Any) -> Any:
        rows = getattr(change, "keywords", {}).get("rows")
        if rows is not None:
            kept.append(len(rows))
        return await keep(change)

    monkeypatch.setattr(database, "write", write)
    began = time.monotonic()
    _execution, run = await desk.load(users=50, requests=1_000)
    assert run.stored == number_of(database, PromptTestRow) == sum(kept) == 1_000
    beats = (time.monotonic() - began) / 0.25
    assert len(kept) <= beats + 3  # one a beat, whatever the number of calls
    await desk.stop()


async def test_a_launch_goes_on_while_its_verdicts_are_refused(
    impatient: Database, env: Env, upstream: FakeUpstream
) -> None:
    desk = E2eDesk(impatient, env)
    await desk.aim(upstream)
    upstream.play("a", good(gap_s=0.05))
    launch = await desk.e2e.start(ONE)
    while number_of(impatient, E2eCellRow) == 0:
        await desk.clock.sleep(0.01)
    with locked(impatient):
        execution = await desk.executions.wait(launch.execution_id)
        assert execution.status is ExecutionState.SUCCEEDED
        assert execution.meta["good"] == 3
        folder = env.runtime_dir / "journal"
        assert {
            "e2e_mapped_model_results", "e2e_mapped_model_runs", "e2e_launches", "e2e_replies",
            "executions",
        } <= tables_in(folder)  # fmt: skip
    await desk.stop()  # before its own late tries: as after a kill, only the files are left
    after = E2eDesk(impatient, env)
    await after.journal.start()
    assert await after.executions.recover() == 0  # nothing was interrupted: its end was in a file
    assert await after.e2e.recover() == 0
    await after.journal.replay()
    ended, runs = await after.e2e.launch(launch.launch_id)
    assert (ended.status, ended.good) == (RunStatus.SUCCESS, 3)
    assert [run.models_success for run in runs] == [3]
    assert {cell.status for run in runs for cell in run.results} == {CellStatus.OK}
    assert number_of(impatient, E2eReplyRow) == 3
    assert files(folder) == []
    await after.stop()


async def test_the_cells_of_a_launch_are_planned_in_one_transaction(
    database: Database, env: Env, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.models = [f"m{number}" for number in range(500)]
    desk = E2eDesk(database, env)
    await desk.aim(upstream)
    sizes: list[int] = []
    plan = desk.e2e._store.plan
    switch = Switch(database, monkeypatch)

    async def planning(cells: Any, target_id: int) -> Any:
        before = switch.taken
        made = await plan(cells, target_id)
        sizes.append(switch.taken - before)
        return made

    monkeypatch.setattr(desk.e2e._store, "plan", planning)
    launch = await desk.e2e.start(LaunchRequest())
    while not sizes:
        await desk.clock.sleep(0.02)
    await desk.e2e.cancel()  # the rest of 1000 cells is closed together with the launch
    await desk.executions.wait(launch.execution_id)
    assert number_of(database, E2eCellRow) == 1_000
    assert sizes[0] <= 3  # progress of the execution may come in between
    await desk.stop()


@pytest.fixture
def switch(store: Database, monkeypatch: pytest.MonkeyPatch) -> Switch:
    return Switch(store, monkeypatch)


@both_stores
async def test_counters_are_added_once_whatever_became_of_a_try(
    store: Database, switch: Switch, journal: Journal, clock: FakeClock
) -> None:
    counters = Counters()
    flushing = Flushing(store, clock, counters, journal)

    def count(times: int) -> None:
        for _ in range(times):
            counters.add_activity(Caller("u1", UserType.PERMANENT), clock.now())
            key = ("u1", "permanent", False, 1, "fast", clock.now().replace(second=0))
            counters.add_call(key, ok=True, latency_ms=10, usage=None)

    count(2)
    assert await flushing.flush()
    switch.is_full = True
    count(3)
    assert not await flushing.flush()
    count(4)
    assert not await flushing.flush()  # the second refusal: everything so far is handed over
    assert not len(counters)
    assert {entry.table for entry in journal._shelf.ordered()} >= {
        "user_activity_stats", "ai_request_stats", "ai_request_minutes",
    }  # fmt: skip
    await clock.advance(40)
    count(1)
    await flushing.flush()
    await flushing.flush()
    switch.is_full = False
    await flushing.flush()
    await journal.replay()
    await journal.replay()
    activity = store.read_now(lambda s: s.exec(select(UserActivityRow)).one())
    calls = store.read_now(lambda s: s.exec(select(func.sum(AiRequestMinuteRow.count))).one())
    assert (activity.request_count, calls) == (10, 10)
    assert activity.last_request_at - activity.first_request_at == timedelta(seconds=40)


@both_stores
async def test_a_commit_whose_answer_was_lost_is_not_added_again(
    store: Database, journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = Counters()
    flushing = Flushing(store, clock, counters, journal)
    counters.add_activity(Caller("u1", UserType.PERMANENT), clock.now())
    write = store.write
    lost = Switch(store, monkeypatch)

    async def write_and_lose(change: Any) -> Any:
        await write(change)
        lost.is_full = True
        return await lost.write(change)

    monkeypatch.setattr(store, "write", write_and_lose)
    assert not await flushing.flush()
    monkeypatch.setattr(store, "write", lost.write)
    assert not await flushing.flush()
    assert journal.waiting == 1
    lost.is_full = False
    report = await journal.replay()
    assert (report.rows, report.known) == (0, 1)
    activity = store.read_now(lambda s: s.exec(select(UserActivityRow)).one())
    assert activity.request_count == 1


async def test_a_row_no_table_takes_does_not_cost_its_neighbours(
    store: Database, journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_bad(session: Session, rows: list[dict[str, Any]]) -> None:
        if any(row["user_id"] == "bad" for row in rows):
            raise ValueError("no such user")
        add(session, rows)

    add = usage_queries.add_activity
    monkeypatch.setattr("services.stats.flushing._PARTS", _with(refuse_bad))
    counters = Counters()
    flushing = Flushing(store, clock, counters, journal)
    for user in ("u1", "bad"):
        counters.add_activity(Caller(user, UserType.PERMANENT), clock.now())
    assert not await flushing.flush()
    assert journal.waiting == 2
    assert (await journal.replay()).left == 0
    assert await flushing.flush() is False  # nothing hangs on


def _with(add_activity: Any) -> Any:
    return (
        ("user_activity_stats", "activity", add_activity),
        ("ai_request_stats", "days", usage_queries.add_requests),
        ("ai_request_minutes", "minutes", usage_queries.add_minutes),
    )


async def test_an_execution_that_ended_while_the_store_refused_is_stored_by_the_journal(
    store: Database, switch: Switch, journal: Journal, clock: FakeClock, env: Env
) -> None:
    from services.executions.service import Executions  # noqa: PLC0415

    tasks = Tasks()
    executions = Executions(store, clock, tasks, None, journal)

    async def run(_params: Any, control: Any) -> Ending:
        switch.is_full = True
        await control.note("half", "half of it", {"n": 1})
        return Ending(ExecutionState.SUCCEEDED, output="all of it")

    executions.register(ExecutionKind("demo", "Demo", "science", run))
    started = await executions.start("demo", {})
    ending = asyncio.ensure_future(executions.wait(started.execution_id))
    for _ in range(200):  # one second after the other, until its three tries are over
        await asyncio.sleep(0.01)
        await clock.advance(0.1)
        if ending.done():
            break
    await asyncio.wait_for(ending, 5)
    assert journal.waiting == 2
    await tasks.stop(1.0)  # the process ends before the store takes anything
    switch.is_full = False
    assert (await journal.replay()).rows == 2
    after = Executions(store, clock, tasks)
    assert await after.recover() == 0
    found = await after.get(started.execution_id)
    assert (found.status, found.output) == (ExecutionState.SUCCEEDED, "all of it")
    events = [event.kind for event in await after.events(started.execution_id)]
    assert events == ["created", "started", "half", "ended"]
    assert await after.newest_seq() == found.seq


@both_stores
async def test_log_rows_and_quotas_of_the_gateway_are_handed_over(
    store: Database, switch: Switch, journal: Journal, clock: FakeClock
) -> None:
    quota = Quota(clock)
    quota._unsaved["u1", "gpt", clock.now().date()] = 7
    recorder = LogRecorder(store, clock, quota, journal)
    switch.is_full = True
    row = {
        "user_id": "u1", "message_id": "m" * 32, "conversation_id": "c", "request_id": "r",
        "kind": "summary", "request_payload": "hello", "response_payload": "well",
        "request_detail_json": {"a": 1}, "response_detail_json": None, "model_used": "fast",
        "latency_ms": 5, "status": "completed", "error_message": None, "created_at": clock.now(),
    }  # fmt: skip
    recorder.add_log(row)
    await recorder.flush()
    assert journal.waiting == 0  # offered once more first
    await recorder.close()
    assert journal.waiting == 2
    switch.is_full = False
    assert (await journal.replay()).rows == 2
    found = store.read_now(lambda s: s.exec(select(ConversationLogRow)).one())
    assert found.request_detail_json == {"a": 1}
    used = store.read_now(lambda s: s.exec(select(ModelDailyUsageRow)).one())
    assert used.count == 7


@both_stores
async def test_the_end_of_a_message_is_kept_with_or_without_its_beginning(
    store: Database, journal: Journal, clock: FakeClock
) -> None:
    row = {
        "message_id": "m" * 32, "conversation_id": "c", "request_id": "r", "user_id": "u1",
        "model_key": "fast", "result_mode": "raw", "state": "completed",
        "terminal_json": {"reply_len": 3}, "created_at": clock.now(), "finished_at": clock.now(),
    }  # fmt: skip
    await journal.keep("gateway_messages", [row], "full: x")
    await journal.replay()
    await journal.keep("gateway_messages", [{**row, "terminal_json": {"reply_len": 4}}], "full: x")
    await journal.replay()
    found = store.read_now(lambda s: s.exec(select(GatewayMessageRow)).one())
    assert (found.state, found.terminal_json) == ("completed", {"reply_len": 4})


async def test_the_head_of_a_load_test_is_closed_by_its_record(
    store: Database, journal: Journal, clock: FakeClock
) -> None:
    def insert(session: Session) -> None:
        head = LoadRunRow(
            run_id="exe_1", status="running", target_id=1, plan={}, created_at=clock.now()
        )
        session.add(head)

    await store.write(insert)
    end = {"run_id": "exe_1", "status": "failed", "finished_at": clock.now(), "error": "late"}
    await journal.keep("load_runs", [end, {**end, "run_id": "exe_2"}], "full: x")
    report = await journal.replay()
    assert (report.rows, report.put_aside) == (1, 1)
    assert "no row with run_id exe_2" in journal.view.put_aside[0].reason
    found = store.read_now(lambda s: s.exec(select(LoadRunRow)).one())
    assert (found.status, found.error) == ("failed", "late")
