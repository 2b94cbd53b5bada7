"""Engines over one database: a single writing connection, query-only readers."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db.errors import DatabaseUnavailableError
from db.files import DatabaseFile

READERS = 8
APPLICATION_ID = 0x47_42_43_31  # "GBC1", written into our own files
_WRITER_LOCK = 0x47_42_43_31_77  # PostgreSQL's stand-in for BEGIN IMMEDIATE, over all processes
_STALLED_MS = 10_000
_SURE_COMMITS = (  # what was acknowledged must be on disk, whatever the server's own default is
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_REASONS = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "readonly",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_CANTOPEN: "gone",
}
_STATES = {  # SQLSTATE, the longest match wins
    "08": "gone",
    "57P": "gone",
    "53": "full",
    "533": "gone",
    "58": "io",
    "XX001": "corrupt",
    "XX002": "corrupt",
    "25006": "readonly",
    "55P03": "locked",
    "40P01": "locked",
    "40001": "locked",
}


@dataclass(frozen=True, slots=True)
class Access:
    """How a database is opened; the default is a local disk that may be written."""

    mode: Literal["rw", "ro", "immutable"] = "rw"  # immutable: a folder where no log can be made
    journal: Literal["wal", "delete"] = "wal"  # delete where memory cannot be shared: network disks
    busy_ms: int = 5_000  # how long one attempt waits for another program's lock
    lock_attempts: int = 3  # attempts before a change is given back as "locked"


def sqlite_url(path: str) -> str:
    """Return the SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def build_engine(
    url: str, *, writes: bool, access: Access | None = None, file: DatabaseFile | None = None
) -> Engine:
    """Return an engine whose connections only write, or only read."""
    access = access or Access()
    options: dict[str, Any] = {
        "json_serializer": _to_json,
        "json_deserializer": _from_json,
        "poolclass": QueuePool,
        "pool_size": 1 if writes else READERS,
        "max_overflow": 0 if writes else READERS,  # read_now comes from other threads too
        "pool_use_lifo": True,  # the warm connection first
    }
    made = make_url(url)
    if made.get_backend_name() == "sqlite":
        file = file or DatabaseFile(Path(made.database or "").absolute())
        engine = create_engine("sqlite://", creator=_opener(file, access), **options)
        _prepare_sqlite(engine, _pragmas(access, writes=writes), writes=writes)
    else:
        engine = create_engine(url, pool_pre_ping=True, **options)
        _prepare_postgres(engine, access, writes=writes)
    return engine


def _to_json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number over 64 bits, half of a surrogate pair: escaped, both are JSON
        return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _from_json(value: Any) -> Any:
    # A JSON column of SQLite has numeric affinity: a number alone comes back as a number.
    if isinstance(value, int | float):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return json.loads(value)


def open_raw(path: Path, mode: str, busy_ms: int = 5_000) -> sqlite3.Connection:
    """Return a plain connection in autocommit; mode is ro, rw, rwc or immutable."""
    query = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{query}",
        uri=True,
        timeout=busy_ms / 1000,
        isolation_level=None,  # the driver's own BEGIN comes before the first write only: too late
        check_same_thread=False,
    )


def _opener(file: DatabaseFile, access: Access) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        # Only the very first connection may create the file: later its absence is a fault.
        first = access.mode == "rw" and not file.is_known
        connection = open_raw(file.path, "rwc" if first else access.mode, access.busy_ms)
        try:
            file.check()
        except DatabaseUnavailableError:
            connection.close()
            raise
        return connection

    return connect


def _prepare_sqlite(engine: Engine, pragmas: tuple[str, ...], *, writes: bool) -> None:
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def on_connect(raw: sqlite3.Connection, _record: object) -> None:
        if writes and raw.execute("PRAGMA page_count").fetchone()[0] == 0:
            raw.execute("PRAGMA auto_vacuum=INCREMENTAL")  # possible before the first page only
        for pragma in pragmas:
            raw.execute(pragma)

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _pragmas(access: Access, *, writes: bool) -> tuple[str, ...]:
    shared = (
        f"PRAGMA busy_timeout={access.busy_ms}",
        "PRAGMA foreign_keys=ON",
        "PRAGMA trusted_schema=OFF",
        "PRAGMA cell_size_check=ON",
        # No mmap: a read error or a cut file would be a SIGBUS, the end of the process.
        f"PRAGMA cache_size={-16_384 if writes else -4_096}",
    )
    if not writes:
        return (*shared, "PRAGMA query_only=ON")
    if access.journal == "delete":
        return (
            *shared,
            "PRAGMA journal_mode=DELETE",
            "PRAGMA synchronous=EXTRA",
        )
    return (
        *shared,
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA journal_size_limit=67108864",
    )


def _prepare_postgres(engine: Engine, access: Access, *, writes: bool) -> None:
    def on_connect(raw: Any, _record: object) -> None:
        if not writes:
            raw.read_only = True  # psycopg says it with its BEGIN: no extra round trip
            return
        raw.execute(f"SET lock_timeout={access.busy_ms}")
        # A process that stands still in the middle of a change must not stop every other console.
        raw.execute(f"SET idle_in_transaction_session_timeout={_STALLED_MS}")
        raw.execute(_SURE_COMMITS)
        raw.commit()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")

    event.listen(engine, "connect", on_connect)
    if writes:
        event.listen(engine, "begin", on_begin)


def to_unavailable(error: BaseException) -> DatabaseUnavailableError | None:
    """Return why the database refused, or None when the fault is the statement's own."""
    if isinstance(error, DatabaseUnavailableError):
        return error
    if isinstance(error, PoolTimeoutError):
        return DatabaseUnavailableError("other", "every connection is in use")
    origin: object = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, sqlite3.Error):
        code = getattr(origin, "sqlite_errorcode", None)
        reason = None if code is None else _REASONS.get(code & 0xFF)
    else:
        reason = _postgres_reason(error, getattr(origin, "sqlstate", None) or "")
    return None if reason is None else DatabaseUnavailableError(reason, str(origin).strip())


def _postgres_reason(error: BaseException, state: str) -> str | None:
    if not isinstance(error, DBAPIError):
        return None
    if error.connection_invalidated:
        return "gone"
    if not state:  # the server said nothing: the connection itself failed
        return "gone" if isinstance(error, OperationalError | InterfaceError) else None
    found = max((known for known in _STATES if state.startswith(known)), key=len, default=None)
    return None if found is None else _STATES[found]
