"""Open a PostgreSQL store: reachable, ours and at the newest version, one console after the other."""

from contextlib import suppress

from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import SQLModel

import db.tables  # noqa: F401  # completes the metadata  # pyright: ignore[reportUnusedImport]
from db.boot.place import OpenedStore, StorePlace, StoreReport
from db.connect import APPLICATION_ID
from db.engine import Database, masked_location
from db.errors import AnotherInstanceError, StoreRefusedError
from db.migrations.head import Revisions
from db.notices import StoreNotice
from db.telling import KEY_SPACE

_OPENING_KEY = 2  # held while a console opens the store and writes what a new one begins with
_OPENING_MS = 60_000


class _Presence:
    """A session that shares a lock with every other console, so that nobody changes the tables."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Connection = self._engine.connect()
        self.is_alone = False  # no other console is open
        self._is_opening = False

    def claim(self, location: str) -> None:
        """Wait for another console that opens now; raise AnotherInstanceError when it never ends."""
        connection = self._connection
        connection.execute(text(f"SET lock_timeout = {_OPENING_MS}"))
        try:
            connection.execute(text(f"SELECT pg_advisory_lock({KEY_SPACE}, {_OPENING_KEY})"))
        except DBAPIError as error:
            raise AnotherInstanceError(location, 0, "") from error
        self.is_alone = bool(
            connection.scalar(text(f"SELECT pg_try_advisory_lock({APPLICATION_ID})"))
        )
        connection.execute(text(f"SELECT pg_advisory_lock_shared({APPLICATION_ID})"))
        self._is_opening = True

    def let_others_in(self) -> None:
        """Keep the shared lock alone; a second call does nothing."""
        if not self._is_opening:
            return
        self._is_opening = False
        locks = [f"{KEY_SPACE}, {_OPENING_KEY}", *([str(APPLICATION_ID)] * self.is_alone)]
        with suppress(SQLAlchemyError):  # a server that is gone holds no lock
            for lock in reversed(locks):
                self._connection.execute(text(f"SELECT pg_advisory_unlock({lock})"))

    def release(self) -> None:
        with suppress(SQLAlchemyError):
            self._connection.close()
        self._engine.dispose()


def open_postgres(place: StorePlace) -> OpenedStore:
    """Return the opened store; raise StoreRefusedError or AnotherInstanceError."""
    location = masked_location(place.url)
    try:
        presence = _Presence(place.url)
    except DBAPIError as error:
        raise _refused("not_reachable", location, reason=_first_line(error)) from error
    try:
        presence.claim(location)
        return _open(place, location, presence)
    except BaseException:
        presence.release()
        raise


def _open(place: StorePlace, location: str, presence: _Presence) -> OpenedStore:
    database = Database(place.url, access=place.access, on_closed=presence.release)
    try:
        with database.writing_engine.connect() as connection:
            version = _version_of(connection, place.revisions, location)
            server_version = str(connection.scalar(text("SHOW server_version")))
        if version < place.revisions.head:
            _upgrade(database, place.revisions, version, location, is_alone=presence.is_alone)
    except BaseException as error:
        database.abandon()
        if isinstance(error, DBAPIError):
            raise _refused("not_reachable", location, reason=_first_line(error)) from error
        raise
    report = StoreReport(
        backend="postgresql",
        location=location,
        path=None,
        source=place.source,
        version=place.revisions.head,
        server_version=server_version,
        mode="read-write",
        is_new=version == 0,
    )
    return OpenedStore(database, report, presence.let_others_in)


def _version_of(connection: Connection, revisions: Revisions, location: str) -> int:
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        version = int(found) if found and str(found).isdigit() else 0 if found is None else -1
        if version > revisions.head or version < 0:
            params = {"version": str(found), "known": revisions.head}
            raise _refused("newer_schema", location, **params)
        return version
    if "ai_endpoints" in tables:
        raise _refused("original_gymbro", location)
    if taken := sorted(tables & set(SQLModel.metadata.tables)):
        raise _refused("foreign_schema", location, tables=", ".join(taken))
    return 0


def _upgrade(
    database: Database, revisions: Revisions, version: int, location: str, *, is_alone: bool
) -> None:
    if not is_alone:
        raise _refused("others_run", location)
    from db.migrations.runner import upgrade  # noqa: PLC0415  # Alembic: only when there is work

    try:
        upgrade(database.writing_engine, revisions=revisions)
    except Exception as error:  # boundary: a revision may raise anything; nothing was kept
        params = {"version": version, "known": revisions.head}
        raise _refused("migration_undone", location, reason=_first_line(error), **params) from error


def _refused(code: str, location: str, **params: str | int) -> StoreRefusedError:
    return StoreRefusedError(StoreNotice(code, {"path": location, **params}))


def _first_line(error: Exception) -> str:
    words = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return words.splitlines()[0] if words else type(error).__name__
