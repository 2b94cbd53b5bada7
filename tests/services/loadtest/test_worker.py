"""The worker process: it counts as the console does, ends with a cancel, and nothing is lost when it dies."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from db.engine import Database
from services.executions.types import ExecutionState
from services.loadtest.types import Arrangement, RunState, SampleClass
from tests.support.builders import until
from tests.support.load_desk import LoadDesk, counts_of, rows_in
from tests.support.upstream import FakeUpstream, failing, good, heartbeats_only, refused


def children() -> set[int]:
    """Pids of the children of this process (Linux)."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(pid) for pid in listed.split()}


async def test_calls_of_a_worker_are_counted_and_stored_once(
    desk: LoadDesk, upstream: FakeUpstream, database: Database
) -> None:
    upstream.play("ok", good(gap_s=0.03))  # longer than the loop is measured once
    upstream.play("bad", failing())
    upstream.play("limited", refused(429, "rate_limited", retry_after="1"))
    upstream.models = ["ok", "bad", "limited"]
    execution, run = await desk.load(users=20, requests=60, worker=True)
    assert run.arrangement is Arrangement.WORKER
    assert counts_of(run) == {"success": 20, "errored": 20, "rate_limited": 20}
    assert run.stored == rows_in(database) == 60 == len(upstream.named("post"))
    assert run.summary is not None
    assert run.summary.peak_in_flight == 20
    assert (run.summary.ttft.count, run.summary.gaps.count > 0) == (20, True)
    assert run.summary.loop_lag.count > 0
    details = run.summary.first_errors
    assert {one.sample_class for one in details} == {SampleClass.ERRORED, SampleClass.RATE_LIMITED}
    assert all(one.request_id for one in details)
    assert sum(point.ended for point in run.timeline) == 60
    assert sum(point.started for point in run.timeline) == 60
    assert execution.status is ExecutionState.FAILED
    assert not children()


async def test_a_token_near_its_end_is_renewed_by_the_console(
    desk: LoadDesk, upstream: FakeUpstream
) -> None:
    upstream.auth.token_lifetime_s = 60
    _execution, run = await desk.load(users=4, sign_ins=1, requests=8, worker=True)
    assert counts_of(run) == {"success": 8}
    assert run.summary is not None
    assert run.summary.refreshes == len(upstream.named("token")) > 0


async def test_a_cancel_reaches_the_worker_within_two_seconds(
    desk: LoadDesk, upstream: FakeUpstream, database: Database
) -> None:
    upstream.play("model-a", heartbeats_only())
    execution = await desk.begin(users=50, requests=200, models=["model-a"], worker=True)
    await until(lambda: len(upstream.named("events")) >= 50, 20)
    asked = desk.clock.monotonic()
    await desk.executions.cancel(execution.execution_id)
    await asyncio.wait_for(desk.executions.wait(execution.execution_id), 20)
    assert desk.clock.monotonic() - asked < 2
    run = await desk.loadtest.run(execution.execution_id)
    assert run.state is RunState.CANCELLED
    assert counts_of(run) == {"cancelled": 50, "not_started": 150}
    assert run.stored == rows_in(database) == 50
    assert not children()


async def test_what_a_killed_worker_told_is_kept_and_the_run_says_why_it_failed(
    desk: LoadDesk, upstream: FakeUpstream, database: Database
) -> None:
    upstream.play("model-a", good())
    upstream.play("hangs", heartbeats_only())
    upstream.models = ["model-a", "hangs"]
    execution = await desk.begin(users=10, requests=100, worker=True)
    await until(lambda: _told(desk, execution.execution_id, ended=1, open_=10), 20)
    (worker,) = children()
    os.kill(worker, signal.SIGKILL)
    ended = await asyncio.wait_for(desk.executions.wait(execution.execution_id), 20)
    run = await desk.loadtest.run(execution.execution_id)
    assert (ended.status, run.state) == (ExecutionState.FAILED, RunState.FAILED)
    assert "worker process" in run.error
    assert "exit code -9" in run.error
    counts = counts_of(run)
    assert counts["cancelled"] == 10  # those it had begun
    assert counts["success"] > 0
    assert run.stored == rows_in(database) == counts["success"] + counts["cancelled"]
    await desk.load(users=1, models=["model-a"])  # and the next one runs


def _told(desk: LoadDesk, run_id: str, *, ended: int, open_: int) -> bool:
    run = desk.loadtest.live(run_id)
    if run is None or run.summary is None or not run.timeline:
        return False
    return run.summary.ended >= ended and run.timeline[-1].in_flight >= open_


async def test_a_stop_rule_ends_the_worker_early(desk: LoadDesk, upstream: FakeUpstream) -> None:
    upstream.play("model-a", failing())
    _execution, run = await desk.load(
        users=2, requests=100_000, stop_errors=10, models=["model-a"], worker=True
    )
    counts = counts_of(run)
    assert counts["errored"] >= 10
    assert counts["not_started"] > 10_000
    assert "the rule stops at 10" in run.error


async def test_the_worker_ends_when_the_console_is_gone() -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'services.loadtest.worker'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "from services.loadtest import frames\n"
        "from services.loadtest.types import LoadPlan\n"
        "plan = LoadPlan(users=1, cap=1, seconds=60.0, ramp_s=59.0)\n"
        "order = frames.Order(plan, 'http://127.0.0.1:9/api/v1', ('m',), 'r', 10, ((1, 't', 9**9),))\n"
        "child.stdin.write(frames.pack({'order': frames.order_values(order)}))\n"
        "child.stdin.flush()\n"
        "child.stdout.read(4)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    worker = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    parent.kill()
    await parent.wait()
    await until(lambda: not _lives(worker), 8)


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
