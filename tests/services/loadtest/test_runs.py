"""Whole load tests over real sockets: every call counted once, every row stored, nothing left behind."""

import asyncio

import pytest

from db.engine import Database
from services.executions.types import ExecutionState
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.loadtest.types import RunState, SampleClass
from tests.support.builders import until
from tests.support.load_desk import LoadDesk, counts_of, rows_in
from tests.support.upstream import (
    FakeUpstream,
    failing,
    good,
    gotrue_error,
    heartbeats_only,
    no_terminal,
    refused,
)


@pytest.mark.parametrize("users", [1, 10])
async def test_every_call_is_counted_and_stored_once(
    desk: LoadDesk, upstream: FakeUpstream, database: Database, users: int
) -> None:
    execution, run = await desk.load(users=users, requests=users * 3)
    assert (execution.status, run.state) == (ExecutionState.SUCCEEDED, RunState.SUCCEEDED)
    assert counts_of(run) == {"success": users * 3}
    assert run.stored == rows_in(database) == users * 3 == len(upstream.named("post"))
    assert run.summary is not None
    assert run.summary.peak_in_flight == users
    assert run.summary.ttft.p50 is not None
    assert execution.done == users * 3
    assert "TTFT" in execution.output


async def test_a_few_sign_ins_carry_all_calls_and_nobody_stays(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    _execution, run = await desk.load(users=20, requests=60, sign_ins=4)
    assert len(upstream.named("signup")) == 4
    assert len({call.token for call in upstream.named("post")}) == 4
    assert len(upstream.named("admin_delete")) == 4
    assert run.summary is not None
    assert run.summary.sign_ins == 4


async def test_classes_are_kept_apart(
    desk: LoadDesk, upstream: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.play("ok", good())
    upstream.play("bad", failing())
    upstream.play("cut", no_terminal())
    upstream.play("limited", refused(429, "rate_limited", retry_after="1"))
    upstream.models = ["ok", "bad", "cut", "limited"]
    execution, run = await desk.load(users=4, requests=40)
    assert counts_of(run) == {"success": 10, "errored": 10, "incomplete": 10, "rate_limited": 10}
    assert len(upstream.named("post")) == 40  # none was tried again
    assert (execution.status, execution.error_kind) == (ExecutionState.FAILED, "thresholds_broken")
    assert "66.7%" in run.error
    page = await desk.loadtest.samples(
        run.run_id, limit=5, offset=5, sample_class=SampleClass.RATE_LIMITED
    )
    assert (page.total, len(page.rows)) == (10, 5)
    assert {(s.sample.model_key, s.sample.status) for s in page.rows} == {("limited", 429)}
    [told] = [r for r in caplog.records if r.name == "services.loadtest.service"]  # S4.42, S4.80
    assert told.levelname == "WARNING"
    assert "failed: 10 of 40 calls succeeded (25.0%), mean " in told.getMessage()
    assert "10 x " in told.getMessage()


async def test_the_cap_holds_and_the_rest_waits(desk: LoadDesk, upstream: FakeUpstream) -> None:
    upstream.play("model-a", good(gap_s=0.02))
    _execution, run = await desk.load(users=12, cap=3, models=["model-a"])
    assert counts_of(run) == {"success": 12}
    assert run.summary is not None
    assert run.summary.peak_in_flight == 3


async def test_arrivals_by_the_clock_are_measured_from_their_schedule(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    _execution, run = await desk.load(users=50, rate=40, requests=20)
    assert counts_of(run) == {"success": 20}
    summary = run.summary
    assert summary is not None
    assert 0.4 < summary.elapsed_s < 5
    assert summary.late.count == 20
    page = await desk.loadtest.samples(run.run_id, limit=100, offset=0)
    starts = [stored.sample.at_ms - stored.sample.late_ms for stored in page.rows]
    assert all(abs(at - no * 25) < 20 for no, at in enumerate(starts))


async def test_starts_that_find_no_room_are_dropped_and_told(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", good(gap_s=0.2))
    _execution, run = await desk.load(users=2, rate=100, requests=20, models=["model-a"])
    counts = counts_of(run)
    assert run.summary is not None
    assert counts["not_started"] == run.summary.dropped_starts > 0
    assert counts["success"] + counts["not_started"] == 20


async def test_seconds_end_the_starts_and_what_runs_may_end(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", good(gap_s=0.05))
    _execution, run = await desk.load(users=3, seconds=1, models=["model-a"])
    assert counts_of(run).keys() == {"success"}
    assert run.summary is not None
    assert run.summary.requested > 6
    assert run.stored == run.summary.requested


async def test_a_stop_rule_ends_the_run_early(desk: LoadDesk, upstream: FakeUpstream) -> None:
    upstream.play("model-a", failing())
    execution, run = await desk.load(
        users=2, requests=100_000, stop_errors=10, models=["model-a"], cap=2
    )
    counts = counts_of(run)
    assert counts["errored"] >= 10
    assert counts["not_started"] > 90_000
    assert execution.status is ExecutionState.FAILED
    assert "the rule stops at 10" in run.error
    assert run.stored == counts["errored"]


async def test_a_cancel_ends_within_two_seconds_and_keeps_every_call(
    desk: LoadDesk, upstream: FakeUpstream, database: Database
) -> None:
    upstream.play("model-a", heartbeats_only())
    execution = await desk.begin(users=50, requests=200, models=["model-a"])
    await until(lambda: len(upstream.named("events")) >= 50, 20)
    asked = desk.clock.monotonic()
    await desk.executions.cancel(execution.execution_id)
    ended = await asyncio.wait_for(desk.executions.wait(execution.execution_id), 20)
    assert desk.clock.monotonic() - asked < 2
    assert ended.status is ExecutionState.CANCELLED
    run = await desk.loadtest.run(execution.execution_id)
    assert run.state is RunState.CANCELLED
    assert counts_of(run) == {"cancelled": 50, "not_started": 150}
    assert run.stored == rows_in(database) == 50
    await until(lambda: upstream.open_connections < 20, 20)  # what is left signs in and out
    await desk.identities.sweep()
    made = len(upstream.named("signup"))
    assert len({call.path for call in upstream.named("admin_delete")}) == made


async def test_an_old_token_is_refreshed_once_for_all_calls(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.auth.token_lifetime_s = 60  # near its end from the first moment
    _execution, run = await desk.load(users=10, sign_ins=1)
    assert counts_of(run) == {"success": 10}
    assert run.summary is not None
    assert len(upstream.named("token")) == run.summary.refreshes
    assert run.summary.sign_ins == 1


async def test_nobody_signed_in_is_told_and_nothing_is_sent(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.always("signup", gotrue_error(422, "signup_disabled"))
    upstream.always("edge", gotrue_error(404, "none"))
    execution, run = await desk.load(users=5)
    assert execution.status is ExecutionState.FAILED
    assert "Nobody could sign in" in run.error
    assert counts_of(run) == {"not_started": 5}
    assert not upstream.named("post")


async def test_a_second_one_and_an_unknown_model_are_refused(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    execution, run = await desk.load(users=1, models=["model-a", "typo"])
    assert execution.status is ExecutionState.FAILED
    assert "typo" in run.error
    upstream.play("model-a", heartbeats_only())
    first = await desk.begin(users=1, models=["model-a"])
    with pytest.raises(ConflictError):
        await desk.begin(users=1)
    await desk.executions.cancel(first.execution_id)
    await asyncio.wait_for(desk.executions.wait(first.execution_id), 20)
    with pytest.raises(InputError):
        await desk.begin(users=0)
    with pytest.raises(NotFoundError):
        await desk.loadtest.export("exe_" + "0" * 18, "csv")


async def test_runs_are_listed_newest_first_and_exported_whole(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    _, first = await desk.load(users=2)
    _, second = await desk.load(users=3)
    total, runs = await desk.loadtest.runs(limit=1, offset=0)
    assert (total, [run.run_id for run in runs]) == (2, [second.run_id])
    file = await desk.loadtest.export(first.run_id, "csv")
    assert len(file.content.decode("utf-8-sig").strip().split("\r\n")) >= 3
    assert await desk.loadtest.recover() == 0
