"""A local Supabase (PostgreSQL, a PostgREST-compatible server, a front of ours), once for all workers.

`supabase_project` gives a test a project of its own: a schema with empty tables and a front in the
test's own loop. `bare_supabase_project` has only the two tables every project has. A part that is
missing fails the test; nothing is skipped.
"""

import asyncio
import fcntl
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from psycopg import sql

from tests.support.postgres import PostgresServer
from tests.support.supabase_front import SupabaseFront
from tests.support.supabase_server import BARE, FULL, start


@dataclass(frozen=True)
class SupabaseProject:
    """One test's project: its front, and its rows as the database itself holds them."""

    front: SupabaseFront
    schema: str
    server: PostgresServer
    database: str

    @property
    def url(self) -> str:
        return self.front.url

    def run(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement in this project's schema."""
        with self.server.connect(self.database) as connection:
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(self.schema)))
            cursor = connection.execute(cast("Any", statement), values)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.run(f"select * from {table} order by id")

    def insert(self, table: str, **values: Any) -> int | str:
        """Return the id of the new row."""
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        text = f"insert into {table} ({names}) values ({places}) returning id"
        return self.run(text, *values.values())[0]["id"]


@dataclass(frozen=True)
class SupabaseStack:
    """The servers all workers share."""

    url: str
    server: PostgresServer
    database: str
    root: Path

    @contextmanager
    def reserve(self, schemas: tuple[str, ...]) -> Generator[str]:
        """Give a schema nobody else uses now, its tables empty."""
        end = time.monotonic() + 100
        while time.monotonic() < end:
            for schema in schemas:
                with (self.root / f"supabase-{schema}.lock").open("a+") as lock:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        continue
                    self._empty(schema)
                    yield schema
                    return
            time.sleep(0.05)
        pytest.fail("no Supabase project became free", pytrace=False)

    def _empty(self, schema: str) -> None:
        with self.server.connect(self.database) as connection:
            found = connection.execute(
                "select tablename from pg_tables where schemaname = %s", (schema,)
            ).fetchall()
            for (name,) in found:
                table = sql.Identifier(schema, str(name))
                connection.execute(sql.SQL("truncate {} restart identity cascade").format(table))


@contextmanager
def _shared(root: Path) -> Generator[dict[str, Any]]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / "supabase.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = root / "supabase.json"
        state = json.loads(file.read_text()) if file.exists() else {}
        try:
            yield state
        finally:
            file.write_text(json.dumps(state))


def _living(users: list[int]) -> list[int]:
    return [pid for pid in users if Path(f"/proc/{pid}").exists()]


@pytest.fixture(scope="session")
def supabase_stack(
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[SupabaseStack]:
    """The stack of this run; the last worker that used it stops it."""
    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent
    with _shared(root) as state:
        if "url" not in state:
            folder = root / "supabase-stack"
            folder.mkdir(exist_ok=True)
            state.update(start(postgres_server, folder))
        state["users"] = [*_living(state["users"]), os.getpid()]
        stack = SupabaseStack(state["url"], postgres_server, state["database"], root)
    yield stack
    with _shared(root) as state:
        state["users"] = _living([pid for pid in state["users"] if pid != os.getpid()])
        if not state["users"]:
            _end(state)
            postgres_server.drop(state["database"])
            state.clear()


def _end(state: Mapping[str, Any]) -> None:
    try:
        os.kill(int(state["pid"]), signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture
async def supabase_project(supabase_stack: SupabaseStack) -> AsyncIterator[SupabaseProject]:
    """A project with every table, empty."""
    async for project in _project(supabase_stack, FULL):
        yield project


@pytest.fixture
async def bare_supabase_project(supabase_stack: SupabaseStack) -> AsyncIterator[SupabaseProject]:
    """A project with ai_model and ai_prompt only, empty."""
    async for project in _project(supabase_stack, BARE):
        yield project


async def _project(
    stack: SupabaseStack, schemas: tuple[str, ...]
) -> AsyncIterator[SupabaseProject]:
    reserved = stack.reserve(schemas)
    schema = await asyncio.to_thread(reserved.__enter__)
    try:
        async with SupabaseFront(stack.url, schema) as front:
            yield SupabaseProject(front, schema, stack.server, stack.database)
    finally:
        reserved.__exit__(None, None, None)
