"""Load tests under faults: a server that dies, a clock that jumps, a killed console, huge replies."""

import asyncio
import csv
import io
import resource
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.engine import Database
from services.executions.types import ExecutionState
from services.foundation.clock import SystemClock
from services.foundation.errors import InputError
from services.loadtest.export import export
from services.loadtest.histogram import Histogram
from services.loadtest.outlook import raise_descriptor_limit
from services.loadtest.reading import read_plan
from services.loadtest.types import (
    LoadPlan,
    LoadRun,
    RunState,
    Sample,
    SampleClass,
    StoredSample,
)
from services.settings.types import Env
from tests.support.builders import until
from tests.support.load_desk import LoadDesk, counts_of, rows_in
from tests.support.upstream import FakeUpstream, good, heartbeats_only


async def test_a_server_that_dies_in_the_middle_ends_the_run_with_every_call_in_its_class(
    desk: LoadDesk, upstream: FakeUpstream, database: Database
) -> None:
    upstream.play("model-a", good(gap_s=0.01))
    execution = await desk.begin(users=5, requests=100, models=["model-a"], sign_ins=1)
    await until(lambda: len(upstream.named("events")) >= 20, 20)
    await upstream.__aexit__()
    ended = await asyncio.wait_for(desk.executions.wait(execution.execution_id), 30)
    run = await desk.loadtest.run(execution.execution_id)
    assert ended.status is ExecutionState.FAILED
    counts = counts_of(run)
    assert sum(counts.values()) == 100
    assert counts["success"] >= 15
    assert counts["errored"] + counts.get("incomplete", 0) + counts["success"] == 100
    assert run.stored == rows_in(database) == 100
    assert run.summary is not None
    assert any("connection" in one.error for one in run.summary.first_errors)


async def test_times_of_calls_do_not_follow_a_clock_that_jumps(
    desk: LoadDesk, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.play("model-a", good(gap_s=0.02))
    now, ahead = SystemClock.now, [timedelta(0)]
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + ahead[0])
    execution = await desk.begin(users=4, requests=40, models=["model-a"])
    for jump in (timedelta(hours=-1), timedelta(hours=2)):
        seen = len(upstream.named("post"))
        await until(lambda seen=seen: len(upstream.named("post")) > seen + 4, 20)
        ahead[0] += jump
    await asyncio.wait_for(desk.executions.wait(execution.execution_id), 30)
    page = await desk.loadtest.samples(execution.execution_id, limit=100, offset=0)
    assert page.total == 40
    for stored in page.rows:
        assert 0 <= stored.sample.at_ms < 30_000
        assert 50 < stored.sample.total_ms < 30_000
    run = await desk.loadtest.run(execution.execution_id)
    assert run.summary is not None
    assert 0 < run.summary.elapsed_s < 30


async def test_a_run_of_a_killed_console_is_interrupted_and_keeps_what_was_stored(
    desk: LoadDesk, upstream: FakeUpstream, database: Database, env: Env
) -> None:
    upstream.play("quick", good())
    upstream.play("hangs", heartbeats_only())
    upstream.models = ["quick", "hangs"]
    execution = await desk.begin(users=6, requests=60)
    await until(lambda: rows_in(database) > 0, 20)
    stored = rows_in(database)
    after = LoadDesk(database, env)  # the first one is not asked to stop: as after kill -9
    assert await after.executions.recover() == 1
    assert await after.loadtest.recover() == 1
    run = await after.loadtest.run(execution.execution_id)
    assert run.state is RunState.INTERRUPTED
    assert (await after.executions.get(execution.execution_id)).status.value == "interrupted"
    page = await after.loadtest.samples(execution.execution_id, limit=100, offset=0)
    assert stored <= page.total <= rows_in(database)
    again = await after.begin(users=1, models=["quick"])
    ended = await asyncio.wait_for(after.executions.wait(again.execution_id), 30)
    assert ended.status is ExecutionState.SUCCEEDED
    await after.stop()


async def test_huge_replies_leave_memory_flat(desk: LoadDesk, upstream: FakeUpstream) -> None:
    """60 replies of a megabyte each; of each only the beginning is kept."""
    upstream.play("model-a", good("x" * 1_000_000, pieces=40))
    await desk.load(users=4, requests=4, models=["model-a"])  # what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _execution, run = await desk.load(users=4, requests=60, models=["model-a"])
    assert counts_of(run) == {"success": 60}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB
    page = await desk.loadtest.samples(run.run_id, limit=1, offset=0)
    assert len(page.rows[0].sample.reply_text) == 2_000


def test_the_limit_of_open_files_is_raised_as_far_as_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, most), hard))
    try:
        assert raise_descriptor_limit() == most
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard)
        assert raise_descriptor_limit() == most  # nothing to raise
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("users", [0, -1, 1_001, "1e3", "10", 2.5, float("inf"), None, [1]])
def test_a_number_of_users_that_is_none_is_refused_at_its_field(users: Any) -> None:
    with pytest.raises(InputError) as refused:
        read_plan({"users": users}, 200)
    assert refused.value.field == "users"


@pytest.mark.parametrize("values", [[], [7.0], [7.0, 9.0]])
def test_percentiles_of_none_one_and_two_values(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    found = histogram.percentiles()
    assert found.count == len(values)
    if values:
        assert found.p50 == pytest.approx(7.0, rel=0.01)
        assert found.p99 == pytest.approx(values[-1], rel=0.01)
        assert found.max == values[-1]
    else:
        assert (found.p50, found.p99, found.max) == (None, None, None)


PLAN = LoadPlan(users=1, cap=1, requests=1)
RUN = LoadRun(1, "exe_1", RunState.SUCCEEDED, 1, "http://x", PLAN)
PIECES = st.lists(
    st.sampled_from(["=", "+", "@", "'", '"', ",", ";", "\r", "\n", "\x00", "中", " "])
)


@given(PIECES.map("".join) | st.text(st.characters(exclude_categories=["Cs"])))
def test_any_reply_comes_back_from_its_csv_as_it_was(reply: str) -> None:
    sample = Sample(1, 1, "m", SampleClass.SUCCESS, 0.0, reply_text=reply)
    stored = StoredSample(1, "exe_1", "hello", datetime(2026, 1, 2, tzinfo=UTC), sample)
    text = export(RUN, [stored], "csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 1
    assert rows[0]["reply"] in (reply, f"'{reply}")  # the apostrophe of what would be computed
    assert rows[0]["message"] == "hello"
