"""Whole copies of a SQLite database while it is used, checked before they get their name."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.boot.copies import stamp
from db.boot.examine import examine, integrity_fault
from db.connect import open_raw
from db.files import PRIVATE, flush_folder, free_bytes, log_of, size_of

PAGES = 4_096  # copied in one step; between steps it can be ended
_SPARE_BYTES = 64 * 1024 * 1024
_STALE = timedelta(days=1)  # a part this old belongs to nobody
Progress = Callable[[int, int], None]  # pages done, pages in all; may raise to end it


class BackupFailedError(Exception):
    """The copy was not made or is not good; nothing of it is left."""


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A copy in the folder of backups; `checked_at` is empty where nothing says it was checked."""

    path: Path
    size_bytes: int
    made_at: datetime
    version: int = 0
    tables: int = 0
    rows: int = 0
    checked_at: str = ""  # ISO time, UTC


def back_up(path: Path, folder: Path, now: datetime, progress: Progress) -> BackupFile:
    """Return a checked copy `backup-<utc>.db` of one moment; writers are never in its way.

    Raise BackupFailedError with the reason, or what `progress` raised.
    """
    target = folder / f"backup-{stamp(now)}.db"
    part = target.with_name(f"{target.stem}-{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make_room(folder, part, size_of(path) + size_of(log_of(path)), now)
        counts = _copy(path, part, progress)
        made = _check(part, counts, now)
        part.chmod(PRIVATE)
        _flush(part)
        part.replace(target)
        _note(target, made)
        flush_folder(folder)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(str(error) or type(error).__name__) from error
    finally:
        part.unlink(missing_ok=True)
    return look(target)


def _make_room(folder: Path, part: Path, needed: int, now: datetime) -> None:
    for old in folder.glob("backup-*.part*"):
        if datetime.fromtimestamp(old.stat().st_mtime, UTC) < now - _STALE:
            old.unlink(missing_ok=True)
    part.unlink(missing_ok=True)
    if free_bytes(folder) < needed + _SPARE_BYTES:
        mb = (needed + _SPARE_BYTES) // 1_000_000
        raise BackupFailedError(f"{mb} MB must be free in {folder}")


def _copy(path: Path, part: Path, progress: Progress) -> dict[str, int]:
    """Copy one moment of the database; return the rows of each table at that moment."""
    with closing(open_raw(path, "ro")) as source, closing(open_raw(part, "rwc")) as target:
        source.execute("BEGIN")  # counts and copy see the same moment, whatever is written now
        counts = count_rows(source)
        source.backup(
            target, pages=PAGES, progress=lambda _state, left, total: progress(total - left, total)
        )
        target.execute("PRAGMA journal_mode=DELETE")  # one file that needs no other
    return counts


def _check(part: Path, counts: dict[str, int], now: datetime) -> BackupFile:
    """Open the copy as a database of its own; raise BackupFailedError when it is not the same."""
    if fault := integrity_fault(part):
        raise BackupFailedError(f"the copy is damaged: {fault}")
    facts = examine(part, check=False)
    if facts.kind != "ours":
        raise BackupFailedError(f"the copy is not a database of this console ({facts.kind})")
    with closing(open_raw(part, "ro")) as copy:
        if (found := count_rows(copy)) != counts:
            other = sorted(t for t in counts | found if counts.get(t) != found.get(t))
            raise BackupFailedError(f"the copy has other rows in {', '.join(other)}")
    return BackupFile(
        part, size_of(part), now, facts.version, len(counts), sum(counts.values()), now.isoformat()
    )


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the rows of each table."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    return {
        str(name): int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])
        for (name,) in names
    }


def _note(target: Path, made: BackupFile) -> None:
    facts = {
        "size_bytes": made.size_bytes,
        "version": made.version,
        "tables": made.tables,
        "rows": made.rows,
        "checked_at": made.checked_at,
    }
    _note_of(target).write_text(json.dumps(facts) + "\n")


def _note_of(path: Path) -> Path:
    return path.with_suffix(".json")


def look(path: Path) -> BackupFile:
    """Return what is known of a copy; a note that does not fit its file counts for nothing."""
    facts = path.stat()
    made_at = datetime.fromtimestamp(facts.st_mtime, UTC)
    try:
        note = json.loads(_note_of(path).read_bytes())
        if int(note["size_bytes"]) == facts.st_size:
            return BackupFile(
                path,
                facts.st_size,
                datetime.fromisoformat(str(note["checked_at"])),
                int(note["version"]),
                int(note["tables"]),
                int(note["rows"]),
                str(note["checked_at"]),
            )
    except (OSError, ValueError, KeyError, TypeError):
        return BackupFile(path, facts.st_size, made_at)
    return BackupFile(path, facts.st_size, made_at)


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest copies of this module; return what was deleted."""
    made = sorted(folder.glob("backup-*.db"))
    gone = made[: max(0, len(made) - max(1, count))]
    for path in gone:
        path.unlink(missing_ok=True)
        _note_of(path).unlink(missing_ok=True)
    return gone


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
