"""S4.63, S4.67: every path that writes results goes on while the database refuses, and nothing is lost."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, func, select

from db.engine import Database
from db.queries import usage as usage_queries
from db.tables.load_runs import LoadRunRow
from db.tables.messages import ConversationLogRow, GatewayMessageRow
from db.tables.usage import AiRequestMinuteRow, ModelDailyUsageRow, UserActivityRow
from services.accounts.types import Caller, UserType
from services.e2e.types import LaunchRequest
from services.executions.types import Ending, ExecutionKind, ExecutionState
from services.foundation.tasks import Tasks
from services.gateway.quota import Quota
from services.gateway.recorder import Recorder as LogRecorder
from services.journal.service import Journal
from services.secrets.service import Secrets
from services.settings.types import Env
from services.stats.counters import Counters
from services.stats.flushing import Flushing
from tests.support.clock import FakeClock
from tests.support.gateway import World, limits, serving
from tests.support.journal import Switch
from tests.support.postgres import both_stores
from tests.support.scripted import says

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))


@both_stores
async def test_counters_are_added_once_whatever_became_of_a_try(
    store: Database, switch: Switch, journal: Journal, clock: FakeClock
) -> None:
    counters = Counters()
    flushing = Flushing(store, clock, counters, journal)

    def count(times: int) -> None:
        for _ in range(times):
            counters.add_activity(Caller("u1", UserType.PERMANENT), clock.now())
            key: Any = ("u1", "permanent", False, 1, "fast", clock.now().replace(second=0))
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
    await asyncio.wait_for(ending, 30)
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


async def test_a_message_ends_as_it_does_while_the_store_refuses(
    database: Database, env: Env, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(World(database, limits(env), secrets)) as world:
        await world.add("k", says("well done"), model="m-1")
        refusing = Switch(database, monkeypatch)
        refusing.is_full = True
        events = await world.talk(model="k", text="hi", result_mode="raw_passthrough")
        assert [events[0][0], events[-1][0]] == ["status", "completed"]
        assert world.journal.waiting == 1
        refusing.is_full = False
        assert (await world.journal.replay()).rows == 1
        found = database.read_now(lambda s: s.exec(select(GatewayMessageRow)).one())
        assert (found.state, found.terminal_json) == ("completed", events[-1][1])
        assert found.message_id == events[-1][1]["message_id"]
        again = await world.events(found.message_id)
        assert again[0] == 200


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
