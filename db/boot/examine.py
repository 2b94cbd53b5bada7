"""Look at a database file without changing it: whose it is, which version, whether it is whole."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from db.connect import APPLICATION_ID, open_raw, to_unavailable
from db.errors import DatabaseUnavailableError
from db.files import MAGIC, size_of

Kind = Literal["missing", "empty", "ours", "original", "foreign", "damaged"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one look told."""

    kind: Kind
    version: int = 0
    reason: str = ""  # of the damage
    tables: frozenset[str] = field(default_factory=frozenset[str])
    has_our_header: bool = False  # a damaged file that still says it is ours


def examine(path: Path, mode: str = "ro", *, check: bool = True, busy_ms: int = 5_000) -> Facts:
    """Return what the file is; raise DatabaseUnavailableError when it cannot be read now."""
    if not path.exists():
        return Facts("missing")
    if size_of(path) == 0:
        return Facts("empty")
    try:
        with _reading(path, mode, busy_ms) as connection:
            facts = _identify(connection)
            if facts.kind != "ours" and _says_ours(path):
                # The file is ours, what is read through its log is not: a log of another database.
                return Facts("damaged", reason="a foreign write-ahead log", has_our_header=True)
            if check and facts.kind == "ours" and (fault := quick_check(connection)):
                facts = Facts("damaged", reason=fault, has_our_header=True)
    except sqlite3.Error as error:
        refused = to_unavailable(error)
        if refused is None or refused.reason == "corrupt":
            return Facts("damaged", reason=str(error), has_our_header=_says_ours(path))
        raise refused from error
    return facts


def quick_check(connection: sqlite3.Connection) -> str:
    """Return the first faults found in the file, or an empty text."""
    rows = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    return "" if rows == ["ok"] else "; ".join(" ".join(row.split()) for row in rows)


def integrity_fault(path: Path) -> str:
    """Return the first faults the full check finds, indexes included, or an empty text."""
    try:
        with _reading(path, "ro") as connection:
            rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except (sqlite3.Error, DatabaseUnavailableError) as error:
        return str(error)
    return "" if rows == ["ok"] else "; ".join(rows)


@contextmanager
def _reading(path: Path, mode: str, busy_ms: int = 5_000) -> Generator[sqlite3.Connection]:
    connection = open_raw(path, mode, busy_ms)
    try:
        yield connection
    finally:
        connection.close()


def _identify(connection: sqlite3.Connection) -> Facts:
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = frozenset(
        str(row[0])
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    )
    if application == APPLICATION_ID:
        return Facts("ours", version, tables=tables)
    if application == 0 and not tables:
        return Facts("empty")  # made, never filled
    if application == 0 and {"ai_endpoints", "dashboard_config"} & tables:
        return Facts("original", version, tables=tables)
    return Facts("foreign", version, tables=tables)


def _says_ours(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(100)
    return header.startswith(MAGIC) and header[68:72] == APPLICATION_ID.to_bytes(4)
