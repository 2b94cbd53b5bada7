"""The demo data in the store: made once however often it is asked for, taken out whole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, select
from sqlmodel import Session, SQLModel

from db.queries.demo import BY_ORIGIN, NUMBERED, count
from db.tables.audit import AuditRow
from db.tables.e2e_runs import E2eLaunchRow
from db.tables.outbox import OutboxRow
from services.audit.types import AuditFilter
from services.console import Console, build_console
from services.demo.types import DEMO_FIRST, DEMO_PAST
from services.executions.types import Execution, ExecutionFilter, ExecutionState
from services.foundation.errors import ConflictError, InputError
from services.settings.types import Env
from services.stats.types import APP_ONLY, EVERY, Origin
from services.targets.types import DEMO_TARGET_ID, SELF_ID
from tests.support.builders import until

DAYS = 3  # enough for every table, and quick
# What the console itself writes while a fill runs: its execution, that demo data is there, its uptime.
_OWN = {"executions", "execution_events", "llm_app_settings", "console_uptime", "dashboard_stats"}


@pytest.fixture
async def console(env: Env) -> AsyncIterator[Console]:
    console = build_console(env)
    await console.start()
    yield console
    await console.stop()
    console.close_now()


async def ended(console: Console, run: Execution) -> Execution:
    found = await console.executions.wait(run.execution_id)
    assert found.status is ExecutionState.SUCCEEDED, found.error
    return found


async def filled(console: Console, days: int = DAYS) -> Execution:
    return await ended(console, await console.first_run.demo.fill(days))


def contents(session: Session) -> dict[str, set[str]]:
    """Every row of every table, but those the console writes on its own."""
    found: dict[str, set[str]] = {}
    for name, table in SQLModel.metadata.tables.items():
        if name not in _OWN:
            found[name] = {str(tuple(row)) for row in session.connection().execute(select(table))}
    return found


def of_demo(session: Session) -> dict[str, int]:
    return count(session, (DEMO_FIRST, DEMO_PAST))


async def test_a_fill_marks_every_row_and_a_removal_leaves_exactly_the_others(
    console: Console,
) -> None:
    await console.database.write(_add_real_rows)
    before = await console.database.read(contents)
    run = await filled(console)
    counts = await console.database.read(of_demo)
    assert set(counts) == {*NUMBERED, *BY_ORIGIN}
    assert run.meta["rows"] == sum(counts.values())
    assert run.done == run.total > 0
    data = console.first_run.demo.data
    assert data is not None
    assert (data.days, data.is_whole, data.counts) == (DAYS, True, counts)
    during = await console.database.read(contents)
    assert all(before[name] <= during[name] for name in before)

    await ended(console, await console.first_run.demo.remove())

    assert console.first_run.demo.data is None
    assert await console.database.read(of_demo) == {}
    assert await console.database.read(contents) == before


async def test_a_second_fill_replaces_the_first_and_a_restart_still_knows_it(
    console: Console, env: Env
) -> None:
    await filled(console, 2)
    first = await console.database.read(of_demo)
    await filled(console, 2)
    second = await console.database.read(of_demo)
    assert set(second) == set(first)
    # a moment later the window moved on: nothing doubled, single rows may have come or gone
    assert all(abs(second[name] - first[name]) <= 0.1 * first[name] + 3 for name in first)
    await console.stop()
    console.close_now()
    again = build_console(env, one_shot=True)
    try:
        assert again.first_run.demo.data is not None
        assert again.first_run.demo.data.days == 2
    finally:
        again.close_now()


async def test_one_fill_runs_at_a_time_and_a_cancelled_one_can_be_taken_out(
    console: Console,
) -> None:
    run = await console.first_run.demo.fill(30)
    with pytest.raises(ConflictError):
        await console.first_run.demo.remove()
    await until(lambda: console.executions.running()[0].done > 0)
    await console.executions.cancel(run.execution_id)
    assert (await console.executions.wait(run.execution_id)).status is ExecutionState.CANCELLED
    assert console.first_run.demo.data is not None
    assert not console.first_run.demo.data.is_whole
    await ended(console, await console.first_run.demo.remove())
    assert await console.database.read(of_demo) == {}


async def test_what_cannot_be_made_is_refused_before_anything_runs(console: Console) -> None:
    for params in ({"days": 0}, {"days": 91}, {"act": "double"}, {"seed": -1}):
        with pytest.raises(InputError):
            await console.executions.start("demo_data", params)
    assert not console.executions.running()


async def test_real_health_figures_pushes_and_gaps_know_nothing_of_it(console: Console) -> None:
    now = console.clock.now()
    health, figures = console.e2e.health(), await console.stats.numbers.figures("30d", EVERY)
    gaps = await console.schedules.off_spans(datetime(2000, 1, 1, tzinfo=UTC), now)
    await filled(console)
    assert console.e2e.health() == health
    for origins in (APP_ONLY, EVERY):
        again = await console.stats.numbers.figures("30d", origins)
        assert again.calls.total == figures.calls.total == 0
        assert again.active_users == 0
        assert "demo" not in {*again.calls_left_out, *again.active_left_out}
    matrix = await console.e2e.matrix(target_id=SELF_ID, window="30d")
    assert not matrix.columns
    assert await console.dialogs.newest() is None
    assert await console.schedules.off_spans(datetime(2000, 1, 1, tzinfo=UTC), now) == gaps
    assert await console.database.read(lambda s: len(list(s.exec(select(OutboxRow))))) == 0  # pyright: ignore[reportArgumentType, reportCallIssue]  # a row's own select
    slot = await console.database.read(_a_demo_slot)
    assert slot is not None
    assert console.upkeep.days is not None
    assert all(day.requests == 0 for day in await console.upkeep.days.newest())


async def test_the_pages_can_ask_for_it_by_its_own_name(console: Console) -> None:
    await filled(console, 5)
    matrix = await console.e2e.matrix(target_id=DEMO_TARGET_ID, window="30d")
    assert len(matrix.columns) > 10
    assert all(row.is_demo for row in matrix.rows)
    health = await console.first_run.demo.health()
    assert len(health.dots) == 16
    assert health.judged > health.good
    figures = await console.stats.numbers.figures("7d", (Origin.DEMO,))
    assert figures.calls.total > 1000
    assert figures.calls_left_out == {}
    days = await console.first_run.demo.days("Asia/Shanghai")
    assert sum(day.requests for day in days) == figures.calls.total
    assert all(day.jwt_rate is not None for day in days[1:-1])
    assert console.first_run.demo.connectivity()["total_endpoints"] == 4
    assert console.first_run.demo.availability()["obtainability"]["anonymous_ok"] is True


async def test_a_demo_run_never_runs_again_and_a_demo_change_is_never_taken_back(
    console: Console,
) -> None:
    await filled(console, 5)
    page = await console.executions.page(ExecutionFilter(kinds=("e2e",)))
    assert page.rows
    assert all(run.is_demo for run in page.rows)
    with pytest.raises(ConflictError, match="demo"):
        await console.executions.run_again(page.rows[0].execution_id)
    entries = (await console.audit.page(AuditFilter())).entries
    assert entries
    assert all(entry.is_demo and not console.undo.can_undo(entry) for entry in entries)
    loads = await console.executions.page(ExecutionFilter(kinds=("load_test",)))
    with pytest.raises(ConflictError, match="baseline"):
        await console.load_history.set_baseline(loads.rows[0].execution_id)


def _add_real_rows(session: Session) -> None:
    """Rows of an operator's own, also one with a number below zero, as an import makes them."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for number in (-5, 12):
        session.add(
            E2eLaunchRow(
                launch_no=number,
                launch_id=f"real{number}",
                execution_id="",
                target_id=SELF_ID,
                trigger="manual",
                status="success",
                started_at=now,
                finished_at=now,
            )
        )
    session.add(AuditRow(at=now, actor="console", kind="model", subject_id="1", action="created"))


def _a_demo_slot(session: Session) -> datetime | None:
    launches: Table = SQLModel.metadata.tables["e2e_launches"]
    query = select(launches.c.slot_at).where(launches.c.slot_at.is_not(None))
    return session.connection().execute(query).scalars().first()
