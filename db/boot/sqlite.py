"""Open a SQLite store in the order in which nothing can be lost."""

import logging
import sqlite3
import threading
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import db.tables  # noqa: F401  # completes the metadata  # pyright: ignore[reportUnusedImport]
from db.boot.copies import copy_before
from db.boot.examine import Facts, examine, quick_check
from db.boot.marker import Marker, read_marker, write_marker
from db.boot.mend import examine_again, mend, refuse_foreign
from db.boot.place import OpenedStore, StorePlace, StoreReport
from db.boot.salvage import salvage
from db.connect import Access, open_raw, to_unavailable
from db.engine import Database
from db.errors import DatabaseUnavailableError, StoreRefusedError
from db.files import PRIVATE, free_bytes, log_of, network_kind, size_of, why_not_writable
from db.lock import InstanceLock
from db.notices import StoreNotice

_MB = 1024 * 1024
_LOG_HEADS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # SQLite's file format, section 4.1
_log = logging.getLogger(__name__)


def open_sqlite(place: StorePlace, path: Path, now: datetime) -> OpenedStore:
    """Return the opened store; raise StoreRefusedError or AnotherInstanceError."""
    _make_folders(place, path)
    read_only = _why_read_only(place, path)
    try:
        if read_only is not None:
            return _open_read_only(place, path, read_only)
        return _open_writable(place, path, now)
    except DatabaseUnavailableError as error:
        raise _refused("not_openable", path, reason=error.detail) from error


def _make_folders(place: StorePlace, path: Path) -> None:
    for folder in (place.data_dir, path.parent):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refused("folder_unusable", folder, reason=_words(error)) from error


def _why_read_only(place: StorePlace, path: Path) -> StoreNotice | None:
    if (found := why_not_writable(path)) is not None:
        what, reason = found
        code = "file_read_only" if what == path else "folder_read_only"
        return StoreNotice(code, {"path": str(what), "reason": reason})
    free = free_bytes(path)
    if free < place.min_free_bytes:
        params = {"free_mb": free // _MB, "needed_mb": place.min_free_bytes // _MB}
        return StoreNotice("disk_low", {"path": str(path), **params})
    return None


def _open_read_only(place: StorePlace, path: Path, notice: StoreNotice) -> OpenedStore:
    mode = "ro"
    try:
        facts = examine(path, mode, busy_ms=place.access.busy_ms)
    except DatabaseUnavailableError:  # a folder where SQLite cannot make its shared memory
        mode = "immutable"
        facts = examine(path, mode, busy_ms=place.access.busy_ms)
    refuse_foreign(path, facts, place)
    if facts.kind == "damaged":
        raise _refused("not_openable", path, reason=facts.reason)
    if facts.kind != "ours":
        folder = path.parent
        raise _refused("folder_unusable", folder, reason=_shorter(notice))
    if facts.version < place.revisions.head:
        versions = {"version": facts.version, "known": place.revisions.head}
        raise _refused("read_only_upgrade", path, reason=str(notice), **versions)
    access = Access(mode, "wal", place.access.busy_ms, place.access.lock_attempts)
    database = Database(place.url, path=path, access=access, read_only=notice)
    return OpenedStore(database, _report(place, path, "read-only", [notice], is_new=False))


def _open_writable(place: StorePlace, path: Path, now: datetime) -> OpenedStore:
    # app.lock guards the data folder; another console may come to this file from another folder.
    lock = InstanceLock.acquire(path.parent, "", name=f"{path.name}.lock")
    try:
        return _open_locked(place, path, now, lock)
    except BaseException:
        lock.release()
        raise


def _open_locked(place: StorePlace, path: Path, now: datetime, lock: InstanceLock) -> OpenedStore:
    marker = read_marker(place.data_dir)
    notices = [*_network_notices(place, path), *_log_notices(path, marker)]
    _tell_of_no_log(log_of(path))
    check_later = (
        size_of(path) > place.check_now_bytes and marker is not None and not marker.is_open
    )
    facts = examine(path, check=not check_later, busy_ms=place.access.busy_ms)
    refuse_foreign(path, facts, place)
    if facts.kind != "ours":
        notices += mend(place, path, facts, marker, now)
        facts = examine_again(path)
    path.touch(mode=PRIVATE)  # people's addresses and talks: SQLite gives its log the same rights

    def on_closed() -> None:
        write_marker(place.data_dir, path, None)
        lock.release()

    network = any(notice.code == "network_disk" for notice in notices)
    access = place.access
    if network:
        access = Access("rw", "delete", access.busy_ms, access.lock_attempts)
    database = Database(place.url, path=path, access=access, on_closed=on_closed)
    try:
        notices += _bring_up(place, path, facts, database, now)
        notices = [_salvaged(path, notice) for notice in notices]
        _touch(path, database)
    except BaseException:
        database.abandon()
        raise
    write_marker(place.data_dir, path, now)
    for notice in notices:
        _log.warning("%s", notice)
    if check_later:
        threading.Thread(
            target=_check_beside, args=(path, database), name="db-check", daemon=True
        ).start()
    is_new = facts.kind != "ours"
    return OpenedStore(database, _report(place, path, "read-write", notices, is_new=is_new))


def _salvaged(path: Path, notice: StoreNotice) -> StoreNotice:
    """Without a copy: read into the new database what the damaged one still gives."""
    if notice.code != "damaged_no_copy":
        return notice
    found = salvage(Path(str(notice.params["quarantine"])) / path.name, path)
    if not found.rows:
        return notice
    counts = {"rows": found.rows, "tables": found.tables, "torn": found.torn}
    return StoreNotice("salvaged", {**notice.params, **counts})


def _network_notices(place: StorePlace, path: Path) -> list[StoreNotice]:
    kind = network_kind(path, place.mounts)
    return [StoreNotice("network_disk", {"path": str(path), "kind": kind})] if kind else []


def _tell_of_no_log(log: Path) -> None:
    """Say so when what lies in the place of the write-ahead log is none; SQLite ignores it."""
    if not size_of(log):
        return
    with log.open("rb") as file:
        head = file.read(4)
    if head not in _LOG_HEADS:
        _log.warning("%s is no write-ahead log: nothing of it is used", log)


def _log_notices(path: Path, marker: Marker | None) -> list[StoreNotice]:
    """A process that was killed leaves its log; when that is gone, so may be its last changes."""
    crashed = marker is not None and marker.is_open and marker.path == str(path)
    if crashed and size_of(path) and not log_of(path).exists():
        return [StoreNotice("log_missing", {"path": str(path)})]
    return []


def _bring_up(
    place: StorePlace, path: Path, facts: Facts, database: Database, now: datetime
) -> list[StoreNotice]:
    """Bring the schema to the newest version after a verified copy, in one transaction."""
    known, version = place.revisions.head, facts.version
    if version == known:
        _refuse_missing_tables(place, path, facts)
        return []
    copy = _copy_first(place, path, version, now) if version else None
    from db.migrations.runner import upgrade  # noqa: PLC0415  # Alembic: only when there is work

    try:
        upgrade(database.writing_engine, revisions=place.revisions)
    except Exception as error:  # boundary: a revision may raise anything; nothing was kept
        params: dict[str, str | int] = {"version": version, "known": known}
        if copy is not None:
            params["copy"] = str(copy)
        reason = str(to_unavailable(error) or error).splitlines()[0] if str(error) else repr(error)
        code = "migration_failed" if copy else "migration_undone"
        raise _refused(code, path, reason=reason, **params) from error
    if copy is None:
        return []
    params = {"version": version, "known": known, "copy": str(copy)}
    return [StoreNotice("upgraded", params)]


def _copy_first(place: StorePlace, path: Path, version: int, now: datetime) -> Path:
    try:
        return copy_before(path, place.backups_dir, place.revisions.head, now)
    except (sqlite3.Error, OSError, ValueError, DatabaseUnavailableError) as error:
        _log.debug("no copy of version %d", version, exc_info=error)
        backups = str(place.backups_dir)
        raise _refused("copy_failed", path, reason=_words(error), backups=backups) from error


def _refuse_missing_tables(place: StorePlace, path: Path, facts: Facts) -> None:
    missing = sorted(set(SQLModel.metadata.tables) - facts.tables)
    if missing and place.revisions.head:
        params = {"tables": ", ".join(missing), "version": facts.version}
        raise _refused("tables_missing", path, backups=str(place.backups_dir), **params)


def _touch(path: Path, database: Database) -> None:
    """Open both doors now: a fault belongs to the start, not to the first save.

    The reader stays in its pool: while it is open no other connection's end removes the log, so
    a log that is missing after a crash was taken away by somebody else.
    """
    try:
        with database.writing_engine.connect():
            database.read_now(
                lambda session: session.connection().execute(text("SELECT 1 FROM sqlite_master"))
            )
    except DBAPIError as error:
        refused = to_unavailable(error)
        reason = refused.detail if refused else str(error)
        raise _refused("not_openable", path, reason=reason) from error


def _check_beside(path: Path, database: Database) -> None:
    try:
        connection = open_raw(path, "ro")
        try:
            fault = quick_check(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        refused = to_unavailable(error)
        fault = str(error) if refused is None or refused.reason == "corrupt" else ""
    if fault:
        notice = StoreNotice("check_failed", {"path": str(path), "reason": fault})
        _log.error("%s", notice)
        database.stop_writing(notice)


def _report(
    place: StorePlace, path: Path, mode: str, notices: list[StoreNotice], *, is_new: bool
) -> StoreReport:
    return StoreReport(
        backend="sqlite",
        location=str(path),
        path=path,
        source=place.source,
        version=place.revisions.head,
        server_version=sqlite3.sqlite_version,
        mode="read-only" if mode == "read-only" else "read-write",
        is_new=is_new,
        notices=tuple(notices),
    )


def _refused(code: str, path: Path, **params: str | int) -> StoreRefusedError:
    return StoreRefusedError(StoreNotice(code, {"path": str(path), **params}))


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def _shorter(notice: StoreNotice) -> str:
    return str(notice.params.get("reason") or notice)
