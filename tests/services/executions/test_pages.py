"""The list: newest first, any filter, any page, both stores, and never a scan of the table."""

import random
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from db.engine import Database
from db.queries import execution_pages as pages
from db.tables.executions import ExecutionRow
from services.executions import store as store_module
from services.executions.service import Executions
from services.executions.types import ExecutionFilter, ExecutionState
from tests.support.clock import START, FakeClock
from tests.support.executions import Work
from tests.support.many_executions import KINDS, fill, time_of
from tests.support.postgres import both_stores

COUNT = 3_000
STATES = list(ExecutionState)


def add(store: Database, rows: list[dict[str, Any]]) -> None:
    def change(session: Any) -> None:
        for number, row in enumerate(rows, 1):
            at = row.pop("created_at", START + timedelta(seconds=number))
            base: dict[str, Any] = {
                "execution_id": f"exe_{number:018d}",
                "execution_type": "demo",
                "label": "Demo",
                "status": "succeeded",
                "trigger": "manual",
                "boot_id": "boot_x",
                "created_at": at,
                "updated_at": at,
            }
            session.add(ExecutionRow(**(base | row)))

    store.write_now(change)


async def walk(executions: Executions, wanted: ExecutionFilter, limit: int) -> list[int]:
    """Every page after the other."""
    found: list[int] = []
    before = None
    for _ in range(1_000):
        page = await executions.page(wanted, before=before, limit=limit)
        found += [row.id for row in page.rows]
        before = page.next_before
        if before is None:
            return found
    raise AssertionError("the pages do not end")


def agrees(row: dict[str, Any], wanted: ExecutionFilter) -> bool:
    tests = (
        not wanted.kinds or row["execution_type"] in wanted.kinds,
        not wanted.states or row["status"] in wanted.states,
        wanted.agent_id is None or row["agent_id"] == wanted.agent_id,
        wanted.parent_id is None or row["parent_id"] == wanted.parent_id,
        wanted.workflow_id is None or row["workflow_id"] == wanted.workflow_id,
        wanted.created_from is None or row["at"] >= wanted.created_from,
        wanted.created_to is None or row["at"] <= wanted.created_to,
        not wanted.text or wanted.text.lower() in f"{row['subject']}|{row['label']}".lower(),
    )
    return all(tests)


@both_stores
async def test_every_filter_shows_exactly_what_agrees_newest_first(
    executions: Executions, store: Database
) -> None:
    chance = random.Random(3)
    rows: list[dict[str, Any]] = [
        {
            "execution_type": chance.choice(["e2e", "probe", "sync"]),
            "status": str(chance.choice(STATES)),
            "agent_id": chance.choice([None, 1, 2]),
            "workflow_id": chance.choice([None, 5]),
            "parent_id": chance.choice([None, 7]),
            "subject": chance.choice(["", "Coach", "100%_sure!"]),
            "label": "Run",
        }
        for _ in range(400)
    ]
    times = [START + timedelta(minutes=n - (60 if 200 <= n < 230 else 0)) for n in range(400)]
    add(store, [{**row, "created_at": at} for row, at in zip(rows, times, strict=True)])
    known = [
        {**row, "at": at, "id": n} for n, (row, at) in enumerate(zip(rows, times, strict=True), 1)
    ]
    filters = [
        ExecutionFilter(),
        ExecutionFilter(kinds=("e2e",)),
        ExecutionFilter(kinds=("e2e", "sync", "nothing")),
        ExecutionFilter(states=(ExecutionState.FAILED, ExecutionState.RUNNING)),
        ExecutionFilter(states=tuple(STATES)),
        ExecutionFilter(kinds=("probe", "e2e"), states=(ExecutionState.FAILED,)),
        ExecutionFilter(agent_id=1),
        ExecutionFilter(agent_id=1, states=(ExecutionState.FAILED,), kinds=("e2e",)),
        ExecutionFilter(workflow_id=5, agent_id=2),
        ExecutionFilter(parent_id=7, kinds=("sync",)),
        ExecutionFilter(created_from=times[150], created_to=times[215]),
        ExecutionFilter(created_to=times[210], kinds=("e2e",)),
        ExecutionFilter(created_from=times[399] + timedelta(days=1)),
        ExecutionFilter(created_to=times[0] - timedelta(days=1)),
        ExecutionFilter(text="coach", states=(ExecutionState.FAILED,)),
        ExecutionFilter(text="%_SURE!"),
        ExecutionFilter(text="0__s"),
        ExecutionFilter(text="\x00\ud800"),
        ExecutionFilter(kinds=("\x00\ud800",)),
    ]
    for wanted in filters:
        expected = [row["id"] for row in reversed(known) if agrees(row, wanted)]
        for limit in (3, 50, 200):
            assert await walk(executions, wanted, limit) == expected, wanted


@both_stores
async def test_s2_54_pages_go_on_while_new_ones_arrive(
    executions: Executions, store: Database
) -> None:
    work = Work(exclusive=False)
    work.go.set()
    executions.register(work.kind)
    started = [await executions.start("demo", {}) for _ in range(5)]
    first = await executions.page(limit=2)
    started += [await executions.start("demo", {}) for _ in range(3)]
    second = await executions.page(before=first.next_before, limit=2)
    assert [row.id for row in (*first.rows, *second.rows)] == [one.id for one in started[4:0:-1]]
    for one in started:
        await executions.wait(one.execution_id)


async def test_a_search_that_finds_little_stops_and_can_go_on(
    executions: Executions, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WINDOW", 10)
    monkeypatch.setattr(store_module, "_WINDOWS", 3)
    add(store, [{"subject": "needle" if n in (5, 77) else ""} for n in range(100)])
    wanted = ExecutionFilter(text="needle")
    page = await executions.page(wanted)
    assert [row.id for row in page.rows] == [78]
    assert page.is_partial
    assert page.next_before == 71
    later = await executions.page(wanted, before=page.next_before)
    assert (later.rows, later.is_partial, later.next_before) == ((), True, 41)
    assert await walk(executions, wanted, 50) == [78, 6]


async def test_an_id_is_found_wherever_it_is(executions: Executions, store: Database) -> None:
    add(store, [{} for _ in range(30)])
    for words in (f"exe_{4:018d}", "#4", " #4 "):
        page = await executions.page(ExecutionFilter(text=words))
        assert [row.id for row in page.rows] == [4]
    assert (await executions.page(ExecutionFilter(text="#4000"))).rows == ()


@pytest.fixture
def many(store: Database) -> Database:
    fill(store, COUNT, START)
    return store


QUERIES = [
    pages.PageQuery(),
    pages.PageQuery(kinds=("e2e",)),
    pages.PageQuery(kinds=KINDS, states=pages.STATES),
    pages.PageQuery(kinds=KINDS, states=("failed", "cancelled", "running")),
    pages.PageQuery(states=("interrupted", "running")),
    pages.PageQuery(agent_id=9),
    pages.PageQuery(agent_id=9, states=("failed",)),
    pages.PageQuery(workflow_id=3),
    pages.PageQuery(parent_id=5, kinds=("e2e",)),
    pages.PageQuery(created_from=time_of(500, START), created_to=time_of(900, START)),
    pages.PageQuery(kinds=("import",), created_to=time_of(2_900, START)),
]


NEWEST = "SELECT id FROM executions ORDER BY id DESC LIMIT ?"  # it walks, and stops at once


def _is_walk(line: str) -> bool:
    return line.startswith("SCAN executions") and "USING" not in line


@pytest.mark.parametrize("wanted", QUERIES, ids=str)
@pytest.mark.parametrize("before", [None, 1_500])
def test_a_page_is_read_from_indexes_alone_and_sorts_only_heads(
    many: Database, wanted: pages.PageQuery, before: int | None
) -> None:
    statements: list[tuple[str, Any]] = []
    engine = many._reading_engine

    def heard(_c: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        statements.append((sql, values))

    event.listen(engine, "before_cursor_execute", heard)
    many.read_now(lambda session: pages.page(session, wanted, before, 50))
    event.remove(engine, "before_cursor_execute", heard)
    with engine.connect() as connection:
        for sql, values in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            lines = [str(row[3]) for row in plan]
            assert not [line for line in lines if _is_walk(line) and sql != NEWEST], (sql, lines)
            for before_it, line in pairwise(lines):
                if "TEMP B-TREE" in line:  # heads of ranges are sorted, never the table
                    assert before_it.startswith("SCAN h"), (sql, lines)
    assert statements


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_a_page_of_postgresql_reads_indexes_too(many: Database) -> None:
    plans: list[str] = []
    with many.writing_engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        for wanted in QUERIES:
            numbers = many.read_now(lambda s, w=wanted: pages._numbers(s, w, 1_500, 50))
            sql = text(f"EXPLAIN {numbers.sql}").bindparams()
            plan = connection.execute(sql, numbers.values).scalars().all()
            plans.append("\n".join(plan))
    assert not [plan for plan in plans if "Seq Scan" in plan]


@both_stores
def test_s2_23_type_and_agent_have_an_index(store: Database) -> None:
    if store.backend == "sqlite":
        sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'executions'"
    else:
        sql = "SELECT indexdef FROM pg_indexes WHERE tablename = 'executions'"
    with store.writing_engine.connect() as connection:
        found = " ".join(str(row[0]) for row in connection.execute(text(sql)))
    for column in ("execution_type", "agent_id", "status", "created_at", "parent_id"):
        assert f"({column}" in found, column


@given(st.text(st.characters(exclude_characters="\0"), max_size=30))
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_search_text_is_plain_text_in_the_pattern(words: str) -> None:
    pattern = pages._pattern(words)
    inner = pattern[1:-1]
    plain = inner.replace("!!", "\0").replace("!%", "%").replace("!_", "_").replace("\0", "!")
    assert plain == words.lower()


async def test_a_clock_set_back_hides_no_row_of_the_time_asked_for(
    executions: Executions, clock: FakeClock
) -> None:
    work = Work(exclusive=False)
    work.go.set()
    executions.register(work.kind)
    made: list[tuple[int, datetime]] = []
    for step in (0, 60, 60, -100, 10, 30, 60):
        clock.jump(step)
        started = await executions.start("demo", {})
        made.append((started.id, clock.now()))
        await executions.wait(started.execution_id)
    for low in range(len(made)):
        start = made[low][1]
        page = await executions.page(ExecutionFilter(created_from=start))
        assert {row.id for row in page.rows} == {number for number, at in made if at >= start}
        page = await executions.page(ExecutionFilter(created_to=start))
        assert {row.id for row in page.rows} == {number for number, at in made if at <= start}
