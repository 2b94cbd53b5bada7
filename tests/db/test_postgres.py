"""PostgreSQL as the store: start, refusal, a restarted server, several consoles."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlmodel import Session

from db.boot import StorePlace, open_store
from db.connect import Access
from db.engine import Database
from db.errors import DatabaseUnavailableError, StoreRefusedError
from db.migrations.head import SHIPPED
from tests.db.test_doors import adding
from tests.support.postgres import PostgresServer
from tests.support.store import NOW, StoreFolder, add_rows, count_rows, keys

pytestmark = pytest.mark.postgres


def place(url: str, folder: StoreFolder, **options: object) -> StorePlace:
    return StorePlace(url, None, "DATABASE_URL", folder.data_dir, folder.backups, **options)  # type: ignore[arg-type]


def test_a_new_database_gets_its_tables_and_keeps_its_rows(
    postgres_url: str, folder: StoreFolder
) -> None:
    first = open_store(place(postgres_url, folder), NOW)
    assert first.report.is_new
    assert first.report.backend == "postgresql"
    assert "postgres@" not in first.report.location
    first.database.write_now(lambda session: add_rows(session, range(4)))
    first.database.close_now()
    second = open_store(place(postgres_url, folder), NOW)
    assert not second.report.is_new
    assert second.report.version == SHIPPED.head
    assert second.database.read_now(count_rows) == 4
    assert second.database.health().notices == ()
    second.database.close_now()


def test_a_second_console_on_the_same_database_waits_until_the_first_let_it_in(
    postgres_url: str, folder: StoreFolder
) -> None:
    first = open_store(place(postgres_url, folder), NOW)
    with ThreadPoolExecutor(1) as beside:
        opening = beside.submit(open_store, place(postgres_url, folder), NOW)
        with pytest.raises(TimeoutError):
            opening.result(0.3)
        first.let_others_in()
        second = opening.result(30)
    assert not second.report.is_new
    second.let_others_in()
    first.database.close_now()
    second.database.close_now()


def test_the_tables_are_not_changed_under_another_console(
    postgres_url: str, folder: StoreFolder
) -> None:
    first = open_store(place(postgres_url, folder), NOW)
    first.let_others_in()
    older = text("UPDATE alembic_version SET version_num = '0000'")
    first.database.write_now(lambda session: session.connection().execute(older))
    with pytest.raises(StoreRefusedError) as caught:
        open_store(place(postgres_url, folder), NOW)
    assert caught.value.notice.code == "others_run"
    first.database.close_now()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer_schema"),
        ("UPDATE alembic_version SET version_num = 'abcdef'", "newer_schema"),
        ("DROP TABLE alembic_version", "original_gymbro"),
        ("DROP TABLE alembic_version, ai_endpoints", "foreign_schema"),
    ],
)
def test_a_database_that_is_not_ours_to_use_is_refused(
    postgres_url: str, folder: StoreFolder, statement: str, code: str
) -> None:
    open_store(place(postgres_url, folder), NOW).database.close_now()
    database = Database(postgres_url)
    database.write_now(lambda session: session.connection().execute(text(statement)))
    database.close_now()
    with pytest.raises(StoreRefusedError) as caught:
        open_store(place(postgres_url, folder), NOW)
    assert caught.value.notice.code == code
    assert "{" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_without_its_password(folder: StoreFolder) -> None:
    url = "postgresql+psycopg://me:hush-hush@127.0.0.1:1/gymbro"
    with pytest.raises(StoreRefusedError) as caught:
        open_store(place(url, folder), NOW)
    assert caught.value.notice.code == "not_reachable"
    assert "127.0.0.1:1/gymbro" in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_a_restarted_server_is_used_again(own_postgres: PostgresServer) -> None:
    url = own_postgres.url(own_postgres.create(template="gymbro_template"))
    database = Database(url)
    await database.write(adding(1))
    await asyncio.gather(*(database.read(count_rows) for _ in range(8)))  # warm connections
    own_postgres.stop()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.write(adding(2))
        assert caught.value.reason == "gone"
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.read(count_rows)
        assert caught.value.reason == "gone"
    assert [notice.code for notice in database.health().notices] == ["refused_gone"]
    own_postgres.start()
    await asyncio.gather(*(database.read(count_rows) for _ in range(8)))
    await database.write(adding(3))
    assert await database.read(keys) == {"k1", "k3"}
    assert database.health().notices == ()
    await database.close()


async def test_a_connection_cut_inside_a_change_fails_it_alone(
    postgres_database: Database,
) -> None:
    def cut(session: Session) -> None:
        session.connection().execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DatabaseUnavailableError) as caught:
        await postgres_database.write(cut)
    assert caught.value.reason == "gone"
    await postgres_database.write(adding(1))
    assert await postgres_database.read(keys) == {"k1"}


def test_two_processes_that_write_wait_for_each_other(postgres_tables_url: str) -> None:
    """What BEGIN IMMEDIATE is to SQLite: a change never works on rows another one is changing."""
    stores = [Database(postgres_tables_url) for _ in range(3)]
    stores[0].write_now(adding(1))

    def add_one(session: Session) -> None:
        [value] = (
            session.connection()
            .execute(text("SELECT value_json::text::int FROM llm_app_settings WHERE key = 'k1'"))
            .one()
        )
        session.connection().execute(
            text("UPDATE llm_app_settings SET value_json = to_json(:n ::int) WHERE key = 'k1'"),
            {"n": value + 1},
        )

    def many(store: Database) -> None:
        for _ in range(60):
            store.write_now(add_one)

    threads = [threading.Thread(target=many, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    query = text("SELECT value_json::text FROM llm_app_settings WHERE key = 'k1'")
    assert (
        stores[0].read_now(lambda session: session.connection().execute(query).scalar_one())
        == "180"
    )
    for store in stores:
        store.close_now()


async def test_a_lock_held_for_ever_is_told(postgres_tables_url: str) -> None:
    slow = Database(postgres_tables_url)
    quick = Database(postgres_tables_url, access=Access(busy_ms=100, lock_attempts=2))
    inside, go = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        inside.set()
        assert go.wait(20)

    held = asyncio.ensure_future(slow.write(hold))
    await asyncio.to_thread(inside.wait, 10)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await quick.write(adding(1))
    assert caught.value.reason == "locked"
    go.set()
    await held
    await quick.write(adding(1))
    await slow.close()
    await quick.close()
