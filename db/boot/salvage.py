"""Read what can still be read of a damaged database into a new one, when there is no good copy."""

import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.connect import open_raw
from db.files import MAGIC, parts_of

_BATCH = 500
_HEADER = 100  # bytes at the start of page 1
_PAGE = 4096  # of our own files
_LONGEST_LOSS = 1 << 34  # a length beyond this is garbage; the zeros are a hole, they cost nothing
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """How much came over."""

    rows: int
    tables: int  # with at least one row
    torn: int  # tables of which some rows could not be read


def salvage(damaged: Path, target: Path) -> Salvaged:
    """Copy the readable rows into the target, a new database of the same version.

    The damaged files themselves are not touched. Nothing is copied when the versions differ.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".salvage-") as folder:
        source = Path(folder) / damaged.name
        for part in parts_of(damaged):
            if part.exists():
                shutil.copyfile(part, source.with_name(part.name))
        try:
            return _copy_rows(source, target)
        except sqlite3.Error as error:
            _log.warning("nothing could be read from %s: %s", damaged, error)
            return Salvaged(0, 0, 0)


def _copy_rows(source: Path, target: Path) -> Salvaged:
    _repair_header(source, target)
    old, new = open_raw(source, "rw"), open_raw(target, "rw")
    try:
        if _version(old) not in (_version(new), 0):  # 0: it stood in the header that was lost
            return Salvaged(0, 0, 0)
        new.execute("PRAGMA foreign_keys=OFF")
        new.execute("BEGIN IMMEDIATE")
        rows = tables = torn = 0
        for table in _tables(new):
            copied, whole = _copy_table(old, new, table)
            rows, tables, torn = rows + copied, tables + (copied > 0), torn + (not whole)
        rows -= _drop_orphans(new)
        new.execute("COMMIT")
        return Salvaged(rows, tables, torn)
    finally:
        old.close()
        new.close()


def _repair_header(source: Path, target: Path) -> None:
    """Give a file whose first bytes are lost the header of its kind, a short one its length."""
    with source.open("r+b") as file:
        header = bytearray(file.read(_HEADER))
        size = source.stat().st_size
        if header.startswith(MAGIC):
            told = int.from_bytes(header[28:32]) * _PAGE
            if size < told < size + _LONGEST_LOSS:
                file.truncate(told)  # SQLite opens no file that is shorter than it says
            return
        pages = size // _PAGE
        header = bytearray(target.read_bytes()[:_HEADER])
        header[24:28] = header[92:96] = (1).to_bytes(4)  # so that the number of pages counts
        header[28:32] = pages.to_bytes(4)
        header[32:40] = bytes(8)  # no list of free pages
        file.seek(0)
        file.write(header)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#'"
    )
    names = [str(row[0]) for row in connection.execute(query)]
    return [name for name in names if name != "alembic_version"]


def _copy_table(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> tuple[int, bool]:
    """Return how many rows came over, and whether that was all: from both ends to the damage."""
    names = [str(row[1]) for row in new.execute(f'PRAGMA table_info("{table}")')]
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    insert = f'INSERT OR IGNORE INTO "{table}" ({columns}) VALUES ({marks})'
    before = new.total_changes
    last: int | None = None
    whole = True
    for order in ("ASC", "DESC"):
        query = f'SELECT rowid, {columns} FROM "{table}" ORDER BY rowid {order}'
        try:
            for batch in _batches(old, query, stop_at=last if order == "DESC" else None):
                new.executemany(insert, [row[1:] for row in batch])
                last = batch[-1][0]
        except sqlite3.Error as error:
            _log.warning("table %s could be read in part only: %s", table, error)
            whole = False
        else:
            break
    return new.total_changes - before, whole


def _batches(
    connection: sqlite3.Connection, query: str, stop_at: int | None
) -> Iterator[list[tuple[Any, ...]]]:
    """Give rows in batches; what was read before an error is given before it is raised."""
    cursor = connection.execute(query)
    batch: list[tuple[Any, ...]] = []
    try:
        for row in cursor:
            if stop_at is not None and row[0] <= stop_at:
                break
            batch.append(row)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except sqlite3.Error:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _drop_orphans(connection: sqlite3.Connection) -> int:
    """Remove rows whose parents were lost, children of children too; return how many."""
    dropped = 0
    for _ in range(8):  # deeper than any chain of our tables
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        if not orphans:
            break
        for table, rowid, *_more in orphans:
            dropped += connection.execute(f'DELETE FROM "{table}" WHERE rowid=?', (rowid,)).rowcount
    return dropped
