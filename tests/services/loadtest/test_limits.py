"""The cap and its queue, answers that hang, stop on the first error, 1000 users in the worker."""

import asyncio

from db.engine import Database
from services.executions.types import ExecutionState
from services.loadtest.types import Arrangement, RunState
from tests.support.builders import until
from tests.support.load_desk import LoadDesk, counts_of, rows_in
from tests.support.upstream import HANG, FakeUpstream, failing, good, heartbeats_only, silent


async def test_of_300_calls_200_are_in_flight_and_100_wait_and_it_is_shown(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", heartbeats_only())
    told: list[str] = []
    desk.loadtest.changed.subscribe(told.append)
    execution = await desk.begin(users=300, models=["model-a"])
    run_id = execution.execution_id

    def seen() -> tuple[int, int]:
        run = desk.loadtest.live(run_id)
        if run is None or not run.timeline:
            return (0, 0)
        return run.timeline[-1].in_flight, run.timeline[-1].waiting

    await until(lambda: seen() == (200, 100), 20)
    assert set(told) == {run_id}
    await desk.executions.cancel(run_id)
    await asyncio.wait_for(desk.executions.wait(run_id), 20)
    run = await desk.loadtest.run(run_id)
    assert counts_of(run) == {"cancelled": 200, "not_started": 100}
    assert run.summary is not None
    assert run.summary.peak_in_flight == 200
    assert run.plan.cap == 200  # nobody said so: it is the setting's default
    assert desk.loadtest.live(run_id) is None


async def test_answers_that_hang_end_with_their_deadline_and_not_the_run(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.play("beats", heartbeats_only())
    upstream.play("quiet", silent())
    upstream.play("fine", good())
    upstream.models = ["beats", "quiet", "fine"]
    execution, run = await desk.load(users=6, requests=12, timeout_s=1)
    assert counts_of(run) == {"success": 4, "incomplete": 4, "errored": 4}
    assert execution.status is ExecutionState.FAILED
    assert run.summary is not None
    assert run.summary.errors == {"deadline_exceeded": 8}
    assert {one.error for one in run.summary.first_errors} == {"deadline_exceeded"}


async def test_a_post_that_is_never_answered_is_an_error_of_its_own(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.always("post", HANG)
    _execution, run = await desk.load(users=3, timeout_s=1)
    assert counts_of(run) == {"errored": 3}


async def test_stop_on_the_first_error_stops(desk: LoadDesk, upstream: FakeUpstream) -> None:
    upstream.play("model-a", failing())
    _execution, run = await desk.load(
        users=1, requests=1_000, stop_errors=1, models=["model-a"], cap=1
    )
    assert run.state is RunState.FAILED
    assert counts_of(run)["not_started"] == 999
    assert "the rule stops at 1" in run.error


async def test_1000_users_in_the_worker_lose_no_call(
    desk: LoadDesk, upstream: FakeUpstream, database: Database
) -> None:
    upstream.play("model-a", good(gap_s=0.01))
    execution, run = await desk.load(users=1_000, cap=1_000, ramp_s=2, models=["model-a"])
    assert (execution.status, run.arrangement) == (ExecutionState.SUCCEEDED, Arrangement.WORKER)
    assert counts_of(run) == {"success": 1_000}
    assert run.stored == rows_in(database) == 1_000 == len(upstream.named("post"))
    assert sum(point.ended for point in run.timeline) == 1_000
