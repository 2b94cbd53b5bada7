"""Engines over one database: a single writing connection, query-only readers."""

import sqlite3
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from db.errors import DatabaseUnavailableError

READERS = 8
APPLICATION_ID = 0x47_42_43_31  # "GBC1", written into our own files
_BUSY_MS = 5_000
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


def sqlite_url(path: str) -> str:
    """Return the SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def build_engine(url: str, *, writes: bool) -> Engine:
    """Return an engine whose connections only write, or only read."""
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        "json_deserializer": orjson.loads,
        "pool_size": 1 if writes else READERS,
        "max_overflow": 0,
    }
    if make_url(url).get_backend_name() == "sqlite":
        options["connect_args"] = {"check_same_thread": False, "timeout": _BUSY_MS / 1000}
        options["pool_reset_on_return"] = "rollback"
        engine = create_engine(url, **options)
        _prepare_sqlite(engine, writes=writes)
        return engine
    options["pool_pre_ping"] = True
    engine = create_engine(url, **options)
    if not writes:
        event.listen(engine, "begin", _begin_read_only)
    return engine


def _begin_read_only(connection: Any) -> None:
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _prepare_sqlite(engine: Engine, *, writes: bool) -> None:
    def on_connect(raw: sqlite3.Connection, _record: object) -> None:
        # The driver's own implicit BEGIN comes too late (before the first write only): we say BEGIN.
        raw.isolation_level = None
        for pragma in _pragmas(writes=writes):
            raw.execute(pragma)

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _pragmas(*, writes: bool) -> tuple[str, ...]:
    shared = (
        f"PRAGMA busy_timeout={_BUSY_MS}",
        "PRAGMA foreign_keys=ON",
        "PRAGMA trusted_schema=OFF",
        "PRAGMA cell_size_check=ON",
        "PRAGMA cache_size=-65536",
        "PRAGMA mmap_size=268435456",
    )
    if not writes:
        return (*shared, "PRAGMA query_only=ON")
    return (
        *shared,
        "PRAGMA auto_vacuum=INCREMENTAL",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA journal_size_limit=67108864",
    )


def to_unavailable(error: DBAPIError | sqlite3.Error) -> DatabaseUnavailableError | None:
    """Return why the database refused, or None when the fault is the statement's own."""
    origin: object = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, sqlite3.Error):
        code = getattr(origin, "sqlite_errorcode", None)
        reason = None if code is None else _REASONS.get(code & 0xFF)
        return None if reason is None else DatabaseUnavailableError(reason, str(origin))
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseUnavailableError("gone", str(origin))
    state = getattr(origin, "sqlstate", None) or ""
    if state.startswith(("08", "53", "57")) or (not state and "connect" in str(origin).lower()):
        return DatabaseUnavailableError("full" if state == "53100" else "gone", str(origin))
    return None
