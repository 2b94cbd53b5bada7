"""The revisions make exactly the tables of db/tables, on both databases, and can be taken back."""

import gzip
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Engine, ForeignKeyConstraint, UniqueConstraint, text
from sqlmodel import SQLModel

import db.tables  # noqa: F401  # completes the metadata  # pyright: ignore[reportUnusedImport]
from db.connect import build_engine, sqlite_url
from db.engine import Database
from db.migrations.head import SHIPPED
from db.migrations.runner import downgrade, upgrade
from tests.support.postgres import PostgresServer
from tests.support.store import StoreFolder

ROOT = Path(__file__).resolve().parents[2]
RELEASED = sorted((ROOT / "tests" / "support" / "released").glob("*.sqlite3.gz"))
POSTGRES_FACTS = {
    "columns": "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,"
    " column_default FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
}


def sqlite_schema(engine: Engine) -> dict[str, Any]:
    """Everything SQLite knows of each table, whatever the order it was written in."""
    facts: dict[str, Any] = {}
    with engine.connect() as connection:
        ask = connection.exec_driver_sql
        rows = ask("SELECT type, name, tbl_name, sql FROM sqlite_master").all()
        for kind, name, table, sql in rows:
            if table == "alembic_version" or name.startswith("sqlite_"):
                continue
            if kind == "index":
                facts[name] = re.sub(r"\s+", " ", sql)
                continue
            columns = ask(f'PRAGMA table_xinfo("{name}")').all()
            keys = ask(f'PRAGMA foreign_key_list("{name}")').all()
            lists = ask(f'PRAGMA index_list("{name}")').all()
            unique = [ask(f'PRAGMA index_info("{row[1]}")').all() for row in lists if row[3] != "c"]
            names = re.findall(r'CONSTRAINT "?(\w+)"?', sql)
            facts[name] = {
                "columns": sorted(tuple(row)[1:] for row in columns),
                "order": [row[1] for row in columns],
                "keys": sorted(tuple(row)[2:] for row in keys),
                "unique": sorted(tuple(part[2] for part in parts) for parts in unique),
                "names": sorted(names),
                "autoincrement": "AUTOINCREMENT" in sql,
            }
    return facts


def postgres_schema(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        return {
            name: sorted(
                tuple(str(cell) for cell in row)
                for row in connection.execute(text(query))
                if "alembic_version" not in str(row)
            )
            for name, query in POSTGRES_FACTS.items()
        }


def sqlite_engine(tmp_path: Path, name: str) -> Engine:
    return build_engine(sqlite_url(str(tmp_path / name)), writes=True)


def test_sqlite_is_migrated_to_exactly_the_tables(tmp_path: Path) -> None:
    migrated, created = sqlite_engine(tmp_path, "m.db"), sqlite_engine(tmp_path, "c.db")
    compare(migrated, created, sqlite_schema)


@pytest.mark.postgres
def test_postgres_is_migrated_to_exactly_the_tables(postgres_server: PostgresServer) -> None:
    names = [postgres_server.create(), postgres_server.create()]
    migrated, created = (build_engine(postgres_server.url(name), writes=True) for name in names)
    compare(migrated, created, postgres_schema)
    for name in names:
        postgres_server.drop(name)


def compare(migrated: Engine, created: Engine, look: Callable[[Engine], dict[str, Any]]) -> None:
    upgrade(migrated)
    SQLModel.metadata.create_all(created)
    found, wanted = look(migrated), look(created)
    migrated.dispose()
    created.dispose()
    advice = "run `python -m db.migrations.revise` and read what it writes"
    assert lines(found) - lines(wanted) == set(), advice
    assert lines(wanted) - lines(found) == set(), advice


def lines(facts: dict[str, Any]) -> set[str]:
    """One line a fact, so that a difference is short to read."""
    return {
        f"{name}: {row}"
        for name, found in facts.items()
        for row in (found if isinstance(found, list) else [found])
    }


def test_every_revision_goes_up_down_and_up_on_sqlite(tmp_path: Path) -> None:
    up_down_up(sqlite_engine(tmp_path, "walk.db"), sqlite_schema)


@pytest.mark.postgres
def test_every_revision_goes_up_down_and_up_on_postgres(postgres_url: str) -> None:
    up_down_up(build_engine(postgres_url, writes=True), postgres_schema)


def up_down_up(engine: Engine, look: Callable[[Engine], dict[str, Any]]) -> None:
    for number in SHIPPED.numbers:
        before = look(engine)
        upgrade(engine, number)
        after = look(engine)
        downgrade(engine, number - 1)
        assert look(engine) == before, f"revision {number:04d} does not undo itself"
        upgrade(engine, number)
        assert look(engine) == after
    engine.dispose()


def test_revisions_are_numbered_without_a_gap() -> None:
    assert SHIPPED.numbers == list(range(1, SHIPPED.head + 1))


def test_every_released_file_still_opens(tmp_path: Path) -> None:
    """A database of each release, `<version>.sqlite3.gz`: upgraded with every row it had."""
    for released in [*RELEASED, packed_now(tmp_path / "now.sqlite3.gz")]:
        folder = StoreFolder(tmp_path / "opened" / released.name)
        folder.data_dir.mkdir(parents=True)
        with gzip.open(released) as packed, folder.path.open("wb") as file:
            shutil.copyfileobj(packed, file)
        before = row_counts(folder.raw())
        store = folder.open()
        assert store.report.version == SHIPPED.head
        assert not [notice for notice in store.report.notices if notice.code != "upgraded"]
        store.database.close_now()
        after = row_counts(folder.raw())
        assert {name: after[name] for name in before if name in after} == before


def packed_now(path: Path) -> Path:
    """Pack a database as this program makes it: how the file of a release is made, too."""
    folder = StoreFolder(path.parent / "made")
    folder.fill(12)
    path.write_bytes(gzip.compress(folder.path.read_bytes()))
    return path


def row_counts(raw: sqlite3.Connection) -> dict[str, int]:
    names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    counts = {name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    raw.close()
    return counts


def test_every_constraint_has_a_name_a_later_revision_can_use() -> None:
    nameless = [
        f"{table.name}: {constraint!r}"
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint | ForeignKeyConstraint | UniqueConstraint)
        and not constraint.name
    ]
    assert not nameless


def test_no_table_is_made_at_run_time() -> None:
    makers = [
        str(path.relative_to(ROOT))
        for folder in ("db", "services", "gymbro_ui", "components")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"create_all\(|CREATE TABLE", path.read_text())
    ]
    assert not makers


@pytest.mark.postgres
def test_a_row_of_every_table_fits_both_databases(
    postgres_database: Database, database: Database
) -> None:
    """Each table is read on both: names that one of them reserves would fail here."""
    for table in SQLModel.metadata.sorted_tables:
        for store in (database, postgres_database):
            rows = store.read_now(
                lambda session, t=table: session.connection().execute(t.select()).all()
            )
            assert rows == []
