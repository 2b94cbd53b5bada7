"""S4.63, S4.36: load tests and launches go on while the database refuses; many results, few transactions."""

import sqlite3
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, func, select

from db.connect import Access
from db.engine import Database
from db.tables.e2e_runs import E2eCellRow, E2eReplyRow
from db.tables.executions import ExecutionEventRow, ExecutionRow
from db.tables.load_runs import PromptTestRow
from services.accounts.types import UserType
from services.e2e.types import CellStatus, LaunchRequest, RunStatus
from services.executions.types import ExecutionState
from services.settings.types import Env
from tests.support.e2e_desk import E2eDesk
from tests.support.journal import Switch, content, files
from tests.support.load_desk import LoadDesk
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
def locked(database: Database) -> Generator[None]:
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
    assert run.stored == number_of(database, PromptTestRow) == 1_000
    assert sum(kept) <= 1_000 + max(kept)  # what a cancelled flush had begun may be offered again
    beats = (time.monotonic() - began) / 0.25
    assert len(kept) <= beats + 3  # one a beat, whatever the number of calls
    await desk.stop()


async def test_a_launch_goes_on_while_its_verdicts_are_refused(
    impatient: Database, env: Env, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = E2eDesk(impatient, env)
    await desk.aim(upstream)
    with ExitStack() as stack:
        plan = desk.e2e._store.plan

        async def planning(cells: Any, target_id: int) -> Any:
            planned = await plan(cells, target_id)
            stack.enter_context(locked(impatient))  # from the first question on
            return planned

        monkeypatch.setattr(desk.e2e._store, "plan", planning)
        launch = await desk.e2e.start(ONE)
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
    timeline = await after.executions.events(launch.execution_id)
    (told,) = [event for event in timeline if event.kind == "journal"]  # S4.45: on the run itself
    assert told.data == {"count": 3}
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
