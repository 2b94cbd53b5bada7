"""A real PostgreSQL, started once for all workers of a test run, and a database of it per test."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlmodel import SQLModel

import db.tables  # noqa: F401  # completes the metadata  # pyright: ignore[reportUnusedImport]
from db.engine import Database

TEMPLATE = "gymbro_template"
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "listen_addresses": "127.0.0.1",
    "autovacuum": "off",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Where the server of this run listens, and the means to stop and start it again."""

    folder: str  # the cluster, the socket and the log
    port: int

    def url(self, name: str) -> str:
        """The URL a Database is opened with."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=name, autocommit=True
        )

    def create(self, *, template: str = "template1") -> str:
        """Make a database and return its name."""
        name = f"t_{uuid.uuid4().hex[:16]}"
        with self.connect() as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def start(self) -> None:
        settings = " ".join(f"-c {key}={value}" for key, value in _OPTIONS.items())
        options = f"{settings} -p {self.port} -k {self.folder}"
        log = f"{self.folder}/log"
        data = f"{self.folder}/data"
        _run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", "60", "start")

    def stop(self, mode: str = "immediate") -> None:
        _run("pg_ctl", "-D", f"{self.folder}/data", "-m", mode, "-w", "stop")


def _binary(name: str) -> str:
    found = shutil.which(name)
    if found:
        return found
    newest = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[4]) if path.parts[4].isdigit() else 0,
    )
    if newest:
        return str(newest[-1])
    pytest.fail(
        f"PostgreSQL is missing ({name} is neither on PATH nor under /usr/lib/postgresql): install"
        " it with `apt-get install postgresql`; the store is proven on both databases.",
        pytrace=False,
    )


def _run(name: str, *arguments: str) -> None:
    """Run a PostgreSQL tool; as root it must be the user postgres."""
    command = [_binary(name), *arguments]
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=90,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            user=user,
            group=user,
        )
        output.seek(0)
        text = output.read().decode(errors="replace")
    if done.returncode != 0:
        pytest.fail(f"{name} failed:\n{text[-2000:]}", pytrace=False)


def _start_new() -> PostgresServer:
    folder = tempfile.mkdtemp(prefix="gymbro-pg-")  # short: a socket's path has 107 characters
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    arguments = ("-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
    _run("initdb", "-D", f"{folder}/data", *arguments)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = PostgresServer(folder, port)
    server.start()
    _make_template(server)
    return server


def _make_template(server: PostgresServer) -> None:
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    store = Database(server.url(TEMPLATE))
    SQLModel.metadata.create_all(store.writing_engine)
    store.close_now()


@contextmanager
def _shared(root: Path) -> Generator[dict[str, object]]:
    """Give the state all workers share; what is changed in it is kept."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "postgres.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state_file = root / "postgres.json"
        state = json.loads(state_file.read_text()) if state_file.exists() else {}
        try:
            yield state
        finally:
            state_file.write_text(json.dumps(state))


def _is_ours_alive(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except (ProcessLookupError, ValueError):
        return False
    return True


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[PostgresServer]:
    """The server of this run; the last worker that used it stops it."""
    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent
    with _shared(root) as state:
        if "folder" not in state:
            server = _start_new()
            state.update(folder=server.folder, port=server.port, users=[])
        users = [pid for pid in list(state["users"]) if _is_ours_alive(pid)]  # type: ignore[call-overload]
        state["users"] = [*users, os.getpid()]
        server = PostgresServer(str(state["folder"]), int(str(state["port"])))
    yield server
    with _shared(root) as state:
        users = [pid for pid in list(state["users"]) if pid != os.getpid() and _is_ours_alive(pid)]  # type: ignore[call-overload]
        state["users"] = users
        if not users:
            _end(server)
            state.clear()


def _end(server: PostgresServer) -> None:
    if Path(server.folder, "data", "postmaster.pid").exists():
        server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of this test alone, which it may stop and start."""
    server = _start_new()
    yield server
    _end(server)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def postgres_tables_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new PostgreSQL database with every table and no row."""
    name = postgres_server.create(template=TEMPLATE)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def postgres_database(postgres_tables_url: str) -> Iterator[Database]:
    """A Database over PostgreSQL with every table and no row."""
    store = Database(postgres_tables_url)
    yield store
    store.close_now()


both_stores = pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def store(request: pytest.FixtureRequest, database: Database) -> Database:
    """SQLite, or PostgreSQL for the second turn of a test marked with `both_stores`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return database
    return request.getfixturevalue("postgres_database")


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)],
)
def any_database(
    request: pytest.FixtureRequest, empty_store: Path, tmp_path: Path
) -> Iterator[Database]:
    """The same test over both databases: every table and no row."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres_database")
        return
    path = tmp_path / "any.sqlite3"
    shutil.copyfile(empty_store, path)
    store = Database(f"sqlite:///{path}")
    yield store
    store.close_now()
