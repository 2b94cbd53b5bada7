"""The writer: back-pressure, cancelled callers, locks of other programs, a dead thread."""

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from sqlmodel import Session

from db.connect import Access
from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.config import AppSettingRow
from tests.db.test_doors import adding, hold_writer
from tests.support.store import IMPATIENT, StoreFolder, add_rows, count_rows, keys, setting


async def test_a_cancelled_caller_takes_back_a_change_that_has_not_begun(
    database: Database,
) -> None:
    release = hold_writer(database)
    waiting = asyncio.ensure_future(database.write(adding(1)))
    other = asyncio.ensure_future(database.write(adding(2)))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release()
    await other
    assert await database.read(keys) == {"held", "k2"}


async def test_a_caller_cancelled_during_its_change_kills_nothing(database: Database) -> None:
    inside, go = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        session.add(setting(1))
        inside.set()
        assert go.wait(10)

    waiting = asyncio.ensure_future(database.write(slow))
    await asyncio.to_thread(inside.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    await database.write(adding(2))
    assert await database.read(keys) == {"k1", "k2"}
    assert database.is_writer_alive


async def test_a_full_queue_makes_callers_wait_and_loses_nothing(folder: StoreFolder) -> None:
    folder.fill(0)
    database = Database(folder.place().url, queue_max=10)
    release = hold_writer(database)
    work = [asyncio.ensure_future(database.write(adding(n))) for n in range(200)]
    await asyncio.sleep(0.05)
    assert database.waiting_writes == 10
    for task in work[50:60]:  # callers that give up while they wait for room
        task.cancel()
    release()
    done = await asyncio.gather(*work, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in done) == 10
    assert await database.read(count_rows) == 191
    assert database.waiting_writes == 0
    await database.close()


def test_a_thread_that_writes_waits_for_room_too(folder: StoreFolder) -> None:
    folder.fill(0)
    database = Database(folder.place().url, queue_max=3)
    release = hold_writer(database)
    threads = [threading.Thread(target=database.write_now, args=(adding(n),)) for n in range(12)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    assert database.waiting_writes == 3
    release()
    for thread in threads:
        thread.join(20)
    assert database.read_now(count_rows) == 13
    database.close_now()


async def test_closing_wakes_those_who_wait_for_room(folder: StoreFolder) -> None:
    folder.fill(0)
    database = Database(folder.place().url, queue_max=2)
    release = hold_writer(database)
    work = [asyncio.ensure_future(database.write(adding(n))) for n in range(20)]
    await asyncio.sleep(0.05)
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0.05)
    release()
    await asyncio.wait_for(closing, 20)
    done = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), 20)
    stored = sum(isinstance(result, int) for result in done)
    refused = sum(isinstance(result, DatabaseUnavailableError) for result in done)
    assert stored + refused == 20
    assert stored >= 2
    again = Database(folder.place().url)
    assert again.read_now(count_rows) == stored + 1  # and the one that was held
    again.close_now()


async def test_another_programs_lock_is_waited_out(folder: StoreFolder) -> None:
    folder.fill(0)
    database = Database(folder.place().url, access=Access(busy_ms=200, lock_attempts=20))
    with locked(folder.path):
        waiting = asyncio.ensure_future(database.write(adding(1)))
        await asyncio.sleep(0.7)  # several attempts long
        assert not waiting.done()
        assert await database.read(count_rows) == 0  # readers are not held up
    assert await waiting == 1
    await database.close()


async def test_a_lock_held_for_ever_is_told_and_later_forgotten(folder: StoreFolder) -> None:
    folder.fill(0)
    database = Database(folder.place().url, access=IMPATIENT)
    with locked(folder.path):
        work = [asyncio.ensure_future(database.write(adding(n))) for n in range(5)]
        for task in work:
            with pytest.raises(DatabaseUnavailableError) as caught:
                await task
            assert caught.value.reason == "locked"
        assert [notice.code for notice in database.health().notices] == ["refused_locked"]
    await database.write(adding(9))
    assert database.health().notices == ()
    assert await database.read(keys) == {"k9"}
    await database.close()


async def test_a_dead_writer_is_seen_and_nobody_waits_for_it(database: Database) -> None:
    release = hold_writer(database)
    waiting = asyncio.ensure_future(database.write(adding(1)))
    await asyncio.sleep(0.05)

    def broken(_group: object) -> None:
        raise MemoryError("no room for a group")

    database._writer._commit = broken  # type: ignore[method-assign]
    release()
    with pytest.raises(DatabaseUnavailableError, match="no room for a group"):
        await asyncio.wait_for(waiting, 10)
    with pytest.raises(DatabaseUnavailableError, match="no room for a group"):
        await database.write(adding(2))
    assert not database.is_writer_alive
    assert [notice.code for notice in database.health().notices] == ["writer_dead"]


async def test_one_change_too_big_for_the_disk_does_not_fail_its_neighbours(
    folder: StoreFolder,
) -> None:
    folder.fill(0)
    database = Database(folder.place().url)
    limit_pages(database, 200)
    release = hold_writer(database)
    small = [asyncio.ensure_future(database.write(adding(n))) for n in range(5)]
    big = asyncio.ensure_future(
        database.write(lambda session: add_rows(session, range(100, 104), 1_000_000))
    )
    after = [asyncio.ensure_future(database.write(adding(n))) for n in range(5, 10)]
    await asyncio.sleep(0.05)
    release()
    await asyncio.gather(*small, *after)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await big
    assert caught.value.reason == "full"
    assert await database.read(keys) == {f"k{n}" for n in range(10)} | {"held"}
    limit_pages(database, 1_000_000)  # space is back: the same connection goes on
    await database.write(lambda session: add_rows(session, range(100, 104), 1_000_000))
    await database.close()
    assert folder.raw().execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_only_one_connection_ever_writes_or_checkpoints(database: Database) -> None:
    """SQLite before 3.51.3 can corrupt a WAL that two connections reset at once."""
    assert database.writing_engine.pool.size() == 1  # type: ignore[attr-defined]
    assert database.writing_engine.pool._max_overflow == 0  # type: ignore[attr-defined]

    def query_only(session: Session) -> int:
        return session.connection().exec_driver_sql("PRAGMA query_only").scalar_one()

    assert {database.read_now(query_only) for _ in range(10)} == {1}

    def settings(session: Session) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "auto_vacuum")
        ask = session.connection().exec_driver_sql
        return {name: ask(f"PRAGMA {name}").scalar_one() for name in names}

    assert database.write_now(settings) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "auto_vacuum": 2,
    }


def test_a_proper_end_leaves_one_file(folder: StoreFolder) -> None:
    folder.fill(50)
    names = {path.name for path in folder.data_dir.iterdir()}
    assert names == {"gymbro.sqlite3", "gymbro.sqlite3.lock", "store.json"}


def test_a_change_that_waits_for_another_is_refused_instead_of_hanging(database: Database) -> None:
    with pytest.raises(RuntimeError, match="cannot wait for another"):
        database.write_now(lambda _session: database.write_now(adding(1)))


def test_a_future_given_up_by_a_thread_is_not_run(database: Database) -> None:
    release = hold_writer(database)
    future = database._writer.put(adding(1))
    assert future.cancel()
    release()
    database.write_now(adding(2))
    with pytest.raises(CancelledError):
        future.result(1)
    assert database.read_now(keys) == {"held", "k2"}


def test_no_update_is_lost_between_four_programs(folder: StoreFolder) -> None:
    folder.fill(0)
    stores = [Database(folder.place().url) for _ in range(4)]
    stores[0].write_now(adding(1))

    def add_one(session: Session) -> None:
        row = session.get(AppSettingRow, "k1")
        assert row is not None
        row.value_json = row.value_json + 1

    def many(store: Database) -> None:
        for _ in range(50):
            store.write_now(add_one)

    threads = [threading.Thread(target=many, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    row = stores[0].read_now(lambda session: session.get(AppSettingRow, "k1"))
    assert row is not None
    assert row.value_json == 200
    for store in stores:
        store.close_now()


class locked:  # noqa: N801
    """Another program that holds the write lock."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


def limit_pages(database: Database, pages: int) -> None:
    def change(session: Session) -> None:
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")

    database.write_now(change)
