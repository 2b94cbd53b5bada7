"""An original GymBro database: its tables, its identity and its secrets, from a private copy."""

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.imports.cells import Cells
from services.imports.layout import BLOCKED, COLUMNS, MIXED, NEVER, SECRETS, is_secret_name
from services.imports.scrub import Scrubber
from services.imports.snapshot import check_application, copy_of

_MARKS = ("ai_endpoints", "dashboard_config", "e2e_mapped_model_runs")  # one of them must be there
_BIRTH = ("dashboard_config", "ai_prompts", "ai_endpoints", "llm_app_settings", _MARKS[2])
_ROWS_MAX = 5_000_000  # of one table
_BLOCKED_BYTES = 1_000_000
_VERSION_TABLE = "alembic_version"  # a copy of ours that lost its mark


class Original:
    """The tables of an original server's database."""

    def __init__(self, path: Path, copy: Path) -> None:
        """Open the copy; raise InputError where it is no such database."""
        self.path = path
        self.notes: list[Message] = []  # what is wrong with the file, filled while it is read
        try:
            # Read batch by batch from the threads of the pool, one at a time.
            self._file = sqlite3.connect(copy, check_same_thread=False)
            self._file.row_factory = sqlite3.Row
            self._file.text_factory = _text
            self._columns = self._layout()
            self._check()
            self._look()
            self.scrub = Scrubber(self._secrets())
            self.identity = self._identity()
        except sqlite3.Error as error:
            self.close()
            raise self._unreadable(error) from error
        except InputError:
            self.close()
            raise

    def close(self) -> None:
        """Close it."""
        if hasattr(self, "_file"):
            self._file.close()

    def has(self, table: str) -> bool:
        """Return whether there is such a table."""
        return table in self._columns

    def count(self, table: str) -> int:
        """Return how many rows a table holds; 0 where it is damaged or not there."""
        if not self.has(table):
            return 0
        try:
            return int(
                self._file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            )  # a constant
        except sqlite3.Error:
            return 0

    def rows(self, table: str) -> Iterator[Cells]:
        """Yield the rows, secrets masked wherever they do not belong; a damaged rest is noted."""
        if table == BLOCKED:
            yield from self._blocked()
        if not self.has(table):
            return
        order = _newest_first(self._columns[table]) if table == _MARKS[2] else "rowid"
        read = 0
        try:
            # Names of tables and columns are constants here.
            with closing(self._file.execute(f"SELECT * FROM {table} ORDER BY {order}")) as found:
                for row in found:
                    read += 1
                    if read > _ROWS_MAX:
                        break
                    yield self._cells(table, row)
        except sqlite3.Error as error:
            self.notes.append(
                say(
                    "{table} is damaged after {n} rows: {reason}",
                    table=table,
                    n=read,
                    reason=str(error),
                )
            )

    def _blocked(self) -> Iterator[Cells]:
        """Yield the names of blocked_models.json of the runtime folder, where it is found."""
        place = self.path.parent
        for folder in (place, place.parent):
            for inner in ("", "ai_runtime", "storage/ai_runtime"):
                path = folder / inner / f"{BLOCKED}.json"
                if path.is_file() and path.stat().st_size <= _BLOCKED_BYTES:
                    yield from self._names_in(path)
                    return

    def _names_in(self, path: Path) -> Iterator[Cells]:
        try:
            found: Any = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            self.notes.append(
                say("{path} cannot be read: {reason}", path=str(path), reason=str(error))
            )
            return
        for name in cast("list[Any]", found) if isinstance(found, list) else ():
            yield Cells({"name": name if isinstance(name, str) else None})

    def left(self) -> dict[str, int]:
        """Return how many rows each table holds that is never taken."""
        counts = {name: self.count(name) for name in NEVER}
        return {name: count for name, count in counts.items() if count}

    def ids(self, table: str, column: str) -> set[str]:
        """Return the texts of one column."""
        if column not in self._columns.get(table, ()):
            return set()
        try:
            found = self._file.execute(f"SELECT {column} FROM {table}")  # constants
            return {str(row[0]) for row in found if row[0] not in (None, "")}
        except sqlite3.Error:
            return set()

    def _cells(self, table: str, row: sqlite3.Row) -> Cells:
        secret, mixed = SECRETS.get(table, ()), MIXED.get(table, "")
        values = {
            name: row[name] if name in secret else self.scrub.cell(name, row[name])
            for name in row.keys()  # noqa: SIM118  # a row iterates over its values
        }
        return Cells(values, {mixed: row[mixed]} if mixed in values else None)

    def _layout(self) -> dict[str, tuple[str, ...]]:
        names = [
            str(row[0])
            for row in self._file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: tuple(
                str(row[0])
                for row in self._file.execute("SELECT name FROM pragma_table_info(?)", (name,))
            )
            for name in names
        }

    def _check(self) -> None:
        """Raise InputError unless one of an original's tables is there, and none of ours."""
        # Asked again: the head on disk says nothing while the mark is still in the log.
        check_application(self.path, self._file.execute("PRAGMA application_id").fetchone()[0])
        if _VERSION_TABLE in self._columns or not any(one in self._columns for one in _MARKS):
            raise InputError(
                "{path} is no database of the original GymBro server",
                field="from",
                path=str(self.path),
            )

    def _look(self) -> None:
        """Note damage, and columns a newer server added."""
        found = [str(row[0]) for row in self._file.execute("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            self.notes.append(
                say(
                    "The file is damaged ({reason}); what can be read is taken",
                    reason=found[0][:200],
                )
            )
        for table, known in COLUMNS.items():
            new = [name for name in self._columns.get(table, ()) if name not in known]
            if new:
                self.notes.append(
                    say(
                        "{table} has columns that are not known here and are left: {columns}",
                        table=table,
                        columns=", ".join(sorted(new))[:200],
                    )
                )

    def _secrets(self) -> list[str]:
        found: set[str] = set()
        for table, columns in SECRETS.items():
            for column in columns:
                found |= self.ids(table, column)
        for table, column in MIXED.items():
            for row in self._plain(table):
                cells = Cells(dict(row))
                value, _ = cells.parsed(column)
                name = cells.text("key", 100)
                if name and is_secret_name(name) and isinstance(value, str):
                    found.add(value)
                if isinstance(value, dict):
                    found |= {
                        str(inner)
                        for key, inner in value.items()  # pyright: ignore[reportUnknownVariableType]  # JSON's
                        if is_secret_name(str(key)) and isinstance(inner, str)  # pyright: ignore[reportUnknownArgumentType]  # JSON's
                    }
        return sorted(found)

    def _plain(self, table: str) -> list[sqlite3.Row]:
        if not self.has(table):
            return []
        try:
            return self._file.execute(
                f"SELECT * FROM {table} ORDER BY rowid LIMIT 10000"
            ).fetchall()  # a constant
        except sqlite3.Error:
            return []

    def _identity(self) -> str:
        """What stays the same in every copy: when the first rows of its server were written."""
        marks: list[str] = []
        for table in _BIRTH:
            if "created_at" not in self._columns.get(table, ()):
                continue
            row = self._file.execute(
                f"SELECT created_at FROM {table} ORDER BY rowid LIMIT 1"  # a constant
            ).fetchone()
            if row is not None and row[0]:
                marks.append(f"{table} {row[0]}")
                break
        born = marks[0] if marks else f"path {self.path}"
        return hashlib.sha256(born.encode()).hexdigest()[:16]

    def _unreadable(self, error: sqlite3.Error) -> InputError:
        return InputError(
            "{path} cannot be read: {reason}", field="from", path=str(self.path), reason=str(error)
        )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


@contextmanager
def opened(path: Path, folder: Path) -> Generator[Original]:
    """Give the original from a copy made in the folder; raise InputError where it is none."""
    with copy_of(path, folder) as copy:
        original = Original(path, copy)
        try:
            yield original
        finally:
            original.close()


def _newest_first(columns: tuple[str, ...]) -> str:
    """Runs are numbered downwards, the newest first."""
    wanted = [name for name in ("started_at", "created_at") if name in columns]
    if not wanted:
        return "rowid DESC"
    times = wanted[0] if len(wanted) == 1 else f"coalesce({', '.join(wanted)})"
    return f"{times} DESC, rowid DESC"
