"""How a launch ends: refused, cancelled, out of time, stopped, crashed; and what it tells meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from db.engine import Database
from db.tables.e2e_runs import E2eLaunchRow, E2eReplyRow
from services.accounts.types import UserType
from services.e2e.types import (
    CellChange,
    CellStatus,
    Health,
    Launch,
    LaunchRequest,
    RunStatus,
)
from services.executions.types import ExecutionState
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.settings.types import Env
from tests.support.builders import until
from tests.support.e2e_desk import E2eDesk, QuickClock, desk_on
from tests.support.upstream import FakeUpstream, good, refused, silent

ONE = LaunchRequest(user_types=(UserType.ANONYMOUS,))
S = CellStatus


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.models = ["a", "b", "c"]
        yield server


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[E2eDesk]:
    async with desk_on(database, env, upstream, QuickClock()) as desk:
        yield desk


async def test_after_five_refusals_in_a_row_the_rest_is_left_alone(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = [f"m{n}" for n in range(9)]
    for model in upstream.models:
        upstream.play(model, refused(400))
    ended = await desk.launch(ONE)
    assert [cell.status for cell in ended.cells] == [S.FAILED] * 5 + [S.NOT_RUN] * 4
    assert len(upstream.named("post")) == 5
    assert ended.cells[-1].error == "too_many_refusals"


async def test_a_reply_in_between_breaks_the_row_of_refusals(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.models = [f"m{n}" for n in range(9)]
    for n, model in enumerate(upstream.models):
        upstream.play(model, good() if n == 3 else refused(400))
    ended = await desk.launch(ONE)
    assert [cell.status for cell in ended.cells].count(S.NOT_RUN) == 0


async def test_the_launch_deadline_leaves_the_rest_not_run(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    class Racing(QuickClock):
        """Every look at the monotonic clock is 5 seconds later."""

        steps = 0

        def monotonic(self) -> float:
            Racing.steps += 1
            return super().monotonic() + 5 * Racing.steps

    async with desk_on(database, env, upstream, Racing()) as desk:
        await desk.settings.change({"e2e_launch_timeout_s": 60})
        ended = await desk.launch(ONE)
    assert ended.cells[-1].status is S.NOT_RUN
    assert ended.cells[-1].error == "launch_timeout"
    assert ended.execution.status is ExecutionState.TIMED_OUT
    assert ended.launch.status is RunStatus.FAILED


async def test_a_clock_that_goes_back_gives_no_negative_duration(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    class Backwards(QuickClock):
        """Every look at the wall clock is a minute earlier."""

        minutes = 0

        def now(self) -> datetime:
            Backwards.minutes += 1
            return super().now() - timedelta(minutes=Backwards.minutes)

    async with desk_on(database, env, upstream, Backwards()) as desk:
        ended = await desk.launch(ONE)
    assert ended.launch.status is RunStatus.SUCCESS
    assert ended.runs[0].duration_ms is not None
    assert 0 <= ended.runs[0].duration_ms < 60_000
    assert all(cell.latency_ms is not None and cell.latency_ms >= 0 for cell in ended.cells)


async def test_a_second_launch_is_refused_and_names_the_running_one(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", good(ttft_s=0.3))
    first = await desk.e2e.start(ONE)
    with pytest.raises(ConflictError) as refused_:
        await desk.e2e.start(ONE)
    assert refused_.value.existing_id == first.execution_id
    assert desk.e2e.running == first
    await desk.executions.wait(first.execution_id)
    assert desk.e2e.running is None


async def test_one_slot_is_served_by_one_launch(desk: E2eDesk) -> None:
    slot = datetime(2026, 3, 2, 5, tzinfo=UTC)
    first = await desk.e2e.fire(slot)
    await desk.executions.wait(first)
    assert await desk.e2e.fire(slot) == first
    launches = desk.database.read_now(lambda s: list(s.exec(select(E2eLaunchRow)).all()))
    assert [(row.slot_at, row.trigger) for row in launches] == [(slot, "schedule")]


async def test_a_cancel_ends_it_at_once_and_the_created_users_are_deleted(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("a", silent())
    launch = await desk.e2e.start(LaunchRequest())
    await until(lambda: len(upstream.named("events")) == 2)
    assert await desk.e2e.cancel() is not None
    execution = await asyncio.wait_for(desk.executions.wait(launch.execution_id), 5)
    assert execution.status is ExecutionState.CANCELLED
    ended, runs = await desk.e2e.launch(launch.launch_id)
    assert ended.status is RunStatus.CANCELLED
    assert {run.status for run in runs} == {RunStatus.CANCELLED}
    assert {cell.status for run in runs for cell in run.results} == {S.CANCELLED}
    assert len(upstream.named("admin_delete")) >= 1
    assert await desk.e2e.cancel() is None
    upstream.play("a", good())
    assert (await desk.launch(ONE)).launch.launch_no == launch.launch_no + 1


async def test_a_stop_of_the_console_leaves_it_interrupted_with_what_was_judged(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("b", silent())
    async with desk_on(database, env, upstream) as desk:
        launch = await desk.e2e.start(ONE)
        await until(lambda: len(upstream.named("events")) == 2)
    after = E2eDesk(database, env)
    ended, runs = await after.e2e.launch(launch.launch_id)
    assert ended.status is RunStatus.INTERRUPTED
    assert [c.status for c in runs[0].results] == [S.OK, S.INTERRUPTED, S.INTERRUPTED]
    assert (await after.executions.get(launch.execution_id)).status is ExecutionState.INTERRUPTED
    await after.stop()


async def test_what_a_crash_left_open_is_interrupted_at_the_next_start_and_users_are_swept(
    database: Database, env: Env, upstream: FakeUpstream
) -> None:
    upstream.play("b", silent())
    crashed = E2eDesk(database, env)
    await crashed.aim(upstream)
    launch = await crashed.e2e.start(LaunchRequest())
    await until(lambda: len(upstream.named("events")) == 4)
    open_users = len(upstream.auth.users)
    assert open_users == 2
    # A kill -9 runs nothing of ours: the first desk is simply left as it is.
    after = E2eDesk(database, env)
    assert await after.executions.recover() == 1
    assert await after.e2e.recover() == 1
    ended, runs = await after.e2e.launch(launch.launch_id)
    assert ended.status is RunStatus.INTERRUPTED
    assert ended.error_summary == "server_restarted"
    assert (ended.cells, ended.judged, ended.good) == (6, 2, 2)
    for run in runs:
        assert run.status is RunStatus.INTERRUPTED
        assert run.finished_at is not None
        assert [c.status for c in run.results] == [S.OK, S.INTERRUPTED, S.INTERRUPTED]
    assert await after.e2e.recover() == 0
    await after.stop()
    await crashed.stop()
    kept, _ = await after.e2e.launch(launch.launch_id)
    assert kept.started_at == ended.started_at


async def test_created_users_are_gone_after_every_launch(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("b", refused(500))
    await desk.launch()
    assert [u for u in upstream.auth.users.values() if u["email"]] == []


async def test_a_permanent_user_is_deleted_also_when_the_store_fails(
    desk: E2eDesk, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args, **_kwargs):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(desk.e2e._store, "save", broken)
    ended = await desk.launch()
    assert ended.execution.status is ExecutionState.FAILED
    assert "disk on fire" in ended.execution.error
    assert ended.launch.status is RunStatus.FAILED
    assert {cell.status for cell in ended.cells} <= {S.INTERRUPTED, S.OK}
    assert [u for u in upstream.auth.users.values() if u["email"]] == []


async def test_every_change_is_announced_after_it_is_on_disk(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    changes: list[CellChange] = []
    healths: list[Health] = []

    def look(change: CellChange) -> None:
        changes.append(change)
        if change.status is S.OK:
            reply = desk.database.read_now(lambda s: _reply(s, change.cell_id))
            assert reply is not None

    desk.e2e.cell_changed.subscribe(look)
    desk.e2e.health_changed.subscribe(healths.append)
    ended_launches: list[Launch] = []
    desk.e2e.finished.subscribe(ended_launches.append)
    ended = await desk.launch(ONE)
    by_model = [c.status for c in changes if c.model_key == "a"]
    assert by_model == [S.PENDING, S.RUNNING, S.OK]
    assert (changes[-1].done, changes[-1].total) == (3, 3)
    assert {change.total for change in changes} == {3}  # never 0/1 while the cells are planned
    assert ended_launches == [ended.launch]
    assert any(health.running is not None for health in healths)
    assert healths[-1].running is None
    assert len(healths[-1].dots) == 3


def _reply(session: Session, cell_id: int) -> E2eReplyRow | None:
    return session.get(E2eReplyRow, cell_id)


async def test_the_matrix_shows_the_running_cell_of_a_page_opened_late(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    upstream.play("b", good(ttft_s=0.4))
    launch = await desk.e2e.start(ONE)
    await until(lambda: len(upstream.named("events")) == 2)
    matrix = await desk.e2e.matrix(target_id=desk.targets.current.id, window="last20")
    codes = {row.model_key: row.cells["anonymous"] for row in matrix.rows}
    assert codes == {"a": "o", "b": "r", "c": "p"}
    assert matrix.columns[-1].status is RunStatus.RUNNING
    await desk.executions.wait(launch.execution_id)


async def test_a_cell_row_or_column_run_again_is_a_partial_launch_of_its_own(
    desk: E2eDesk,
) -> None:
    await desk.launch()
    ended = await desk.launch(LaunchRequest(models=("b",), user_types=(UserType.PERMANENT,)))
    assert ended.launch.is_partial
    assert [(c.model_key, c.user_type) for c in ended.cells] == [("b", UserType.PERMANENT)]
    assert desk.e2e.known_models(desk.targets.current) == ("a", "b", "c")


async def test_bad_requests_are_refused_before_anything_is_stored(desk: E2eDesk) -> None:
    with pytest.raises(NotFoundError):
        await desk.e2e.start(LaunchRequest(target_id=99))
    with pytest.raises(InputError):
        await desk.e2e.start(LaunchRequest(models=("",)))
    assert desk.database.read_now(lambda s: list(s.exec(select(E2eLaunchRow)).all())) == []


async def test_a_model_key_with_odd_characters_is_asked_as_it_is_and_stored_readable(
    desk: E2eDesk, upstream: FakeUpstream
) -> None:
    odd = "we\x1fird\n名"
    upstream.models = [odd]
    ended = await desk.launch(ONE)
    assert upstream.named("post")[0].body["model"] == odd
    assert [c.model_key for c in ended.cells] == ["we\\x1fird\\x0a名"]
    matrix = await desk.e2e.matrix(target_id=desk.targets.current.id, window="24h")
    assert [row.model_key for row in matrix.rows] == ["we\\x1fird\\x0a名"]
