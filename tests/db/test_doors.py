"""The two doors, the same over SQLite and PostgreSQL."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import event, func, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import Session, select

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.config import AppSettingRow
from tests.support.store import NOW, add_rows, count_rows, keys, setting


async def test_what_was_written_is_read_by_every_reader(any_database: Database) -> None:
    assert await any_database.write(lambda session: add_rows(session, range(3))) == 3
    counts = await asyncio.gather(*(any_database.read(count_rows) for _ in range(20)))
    assert set(counts) == {3}


async def test_a_time_comes_back_as_the_same_instant_in_utc(any_database: Database) -> None:
    at = datetime(2026, 10, 25, 2, 30, 15, 123456, timezone(timedelta(hours=8)))

    def change(session: Session) -> None:
        row = setting(1)
        row.created_at = at
        session.add(row)

    await any_database.write(change)
    row = await any_database.read(lambda session: session.get(AppSettingRow, "k1"))
    assert row is not None
    assert row.created_at == at
    assert row.created_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(any_database: Database) -> None:
    def change(session: Session) -> None:
        row = setting(1)
        row.created_at = NOW.replace(tzinfo=None)
        session.add(row)

    with pytest.raises(StatementError, match="must have a zone"):
        await any_database.write(change)
    assert await any_database.read(count_rows) == 0


@pytest.mark.parametrize(
    "value",
    [0, -1, 1.5, True, None, "12", "a\x00b", "half \ud83d", 2**80, [2**63, {"a": "\u2028é😀"}], {}],
)
async def test_any_json_comes_back_as_it_was(any_database: Database, value: object) -> None:
    await any_database.write(lambda session: session.add(setting(1, value)))
    row = await any_database.read(lambda session: session.get(AppSettingRow, "k1"))
    assert row is not None
    assert row.value_json == value


async def test_a_value_that_is_no_number_is_stored_as_nothing_and_stays_json(
    any_database: Database,
) -> None:
    odd = {"p50": float("nan"), "max": float("inf"), "count": 3}
    await any_database.write(lambda session: session.add(setting(1, odd)))
    row = await any_database.read(lambda session: session.get(AppSettingRow, "k1"))
    assert row is not None
    assert row.value_json == {"p50": None, "max": None, "count": 3}


async def test_a_failing_change_undoes_nothing_of_its_neighbours(any_database: Database) -> None:
    def bad(session: Session) -> None:
        session.add(setting(1000))
        session.flush()
        raise LookupError("mine alone")

    release = hold_writer(any_database)
    work = [
        asyncio.ensure_future(any_database.write(bad if n % 7 == 3 else adding(n)))
        for n in range(40)
    ]
    await asyncio.sleep(0.05)
    release()
    results = await asyncio.gather(*work, return_exceptions=True)
    failed = [n for n, result in enumerate(results) if isinstance(result, BaseException)]
    assert failed == [n for n in range(40) if n % 7 == 3]
    assert all(isinstance(results[n], LookupError) for n in failed)
    assert await any_database.read(keys) == {f"k{n}" for n in range(40) if n % 7 != 3} | {"held"}


async def test_a_broken_constraint_belongs_to_its_caller(any_database: Database) -> None:
    await any_database.write(adding(1))
    release = hold_writer(any_database)
    good = asyncio.ensure_future(any_database.write(adding(2)))
    twice = asyncio.ensure_future(any_database.write(adding(1)))
    await asyncio.sleep(0.05)
    release()
    await good
    with pytest.raises(IntegrityError):
        await twice
    assert await any_database.read(keys) == {"k1", "k2", "held"}


async def test_neighbours_in_one_commit_see_each_others_rows(any_database: Database) -> None:
    """An object one change loaded must not hide what the next one wrote by statement."""

    def load(session: Session) -> AppSettingRow:
        row = session.get(AppSettingRow, "k1")
        assert row is not None
        return row  # kept alive by the result until the commit

    def by_statement(session: Session) -> None:
        session.connection().execute(
            update(AppSettingRow)
            .where(AppSettingRow.key == "k1")  # type: ignore[arg-type]
            .values(value_json=41)
            .execution_options(synchronize_session=False)
        )

    def add_one(session: Session) -> None:
        row = load(session)
        row.value_json = row.value_json + 1

    await any_database.write(adding(1))
    release = hold_writer(any_database)
    work = [asyncio.ensure_future(any_database.write(c)) for c in (load, by_statement, add_one)]
    await asyncio.sleep(0.05)
    release()
    await asyncio.gather(*work)
    row = await any_database.read(load)
    assert row.value_json == 42


async def test_many_changes_share_few_commits(any_database: Database) -> None:
    commits = count_commits(any_database)
    await asyncio.gather(*(any_database.write(adding(n)) for n in range(600)))
    assert await any_database.read(count_rows) == 600
    assert len(commits) <= 10


async def test_no_update_is_lost_among_many_callers(any_database: Database) -> None:
    await any_database.write(adding(1))

    def add_one(session: Session) -> None:
        row = session.get(AppSettingRow, "k1")
        assert row is not None
        row.value_json = row.value_json + 1

    def many() -> None:
        for _ in range(50):
            any_database.write_now(add_one)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(any_database.write(add_one) for _ in range(50)))
    await asyncio.to_thread(lambda: [thread.join(60) for thread in threads])
    row = await any_database.read(lambda session: session.get(AppSettingRow, "k1"))
    assert row is not None
    assert row.value_json == 250


async def test_a_query_that_writes_is_a_bug_and_not_an_outage(any_database: Database) -> None:
    def sneak(session: Session) -> None:
        session.add(setting(1))
        session.flush()

    with pytest.raises(DBAPIError):
        await any_database.read(sneak)
    assert await any_database.read(count_rows) == 0


async def test_a_change_may_not_commit_or_roll_back(any_database: Database) -> None:
    with pytest.raises(RuntimeError, match="the writer commits"):
        await any_database.write(lambda session: session.commit())
    with pytest.raises(RuntimeError, match="raise an exception"):
        await any_database.write(lambda session: session.rollback())


async def test_even_an_exit_in_a_change_leaves_the_writer_alive(any_database: Database) -> None:
    def leave(_session: Session) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        any_database.write_now(leave)
    await any_database.write(adding(1))
    assert any_database.is_writer_alive


async def test_closing_finishes_what_waits_and_refuses_what_comes_later(
    any_database: Database,
) -> None:
    release = hold_writer(any_database)
    work = [asyncio.ensure_future(any_database.write(adding(n))) for n in range(50)]
    await asyncio.sleep(0.05)
    closing = asyncio.ensure_future(any_database.close())
    await asyncio.sleep(0.05)
    with pytest.raises(DatabaseUnavailableError, match="closed"):
        await any_database.write(adding(99))
    release()
    await closing
    await asyncio.gather(*work)
    with pytest.raises(DatabaseUnavailableError, match="closed"):
        await any_database.read(count_rows)
    again = Database(any_database.url)
    assert again.read_now(keys) == {f"k{n}" for n in range(50)} | {"held"}
    again.close_now()


async def test_the_same_statement_counts_on_both(any_database: Database) -> None:
    await any_database.write(lambda session: add_rows(session, range(7)))
    statement = select(func.count()).select_from(AppSettingRow)
    assert await any_database.read(lambda session: session.exec(statement).one()) == 7


def adding(number: int):
    def change(session: Session) -> int:
        session.add(setting(number))
        return number

    return change


def hold_writer(database: Database):
    """Keep the writer busy inside a change until the returned function is called."""
    inside, go = threading.Event(), threading.Event()

    def change(session: Session) -> None:
        row = setting(0)
        row.key = "held"
        session.add(row)
        inside.set()
        assert go.wait(30)

    database._writer.put(change)
    assert inside.wait(10)
    return go.set


def count_commits(database: Database) -> list[int]:
    commits: list[int] = []
    event.listen(database.writing_engine, "commit", lambda _connection: commits.append(1))
    return commits
