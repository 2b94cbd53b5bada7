"""Verified copies of the database: made before an upgrade, put back after damage."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from db.boot.examine import examine, integrity_fault
from db.connect import open_raw
from db.errors import DatabaseUnavailableError
from db.files import PRIVATE, flush_folder

KEEP = 3
_STAMP = "%Y%m%dT%H%M%SZ"


def stamp(now: datetime) -> str:
    """Return the time as it stands in names of files."""
    return now.astimezone(UTC).strftime(_STAMP)


def copy_before(path: Path, backups: Path, version: int, now: datetime) -> Path:
    """Return a checked copy `pre-vN-<utc>.db`; raise sqlite3.Error, OSError or ValueError."""
    backups.mkdir(parents=True, exist_ok=True)
    target = backups / f"pre-v{version}-{stamp(now)}.db"
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        source = open_raw(path, "ro")
        try:
            source.execute("VACUUM INTO ?", (str(part),))
        finally:
            source.close()
        made, kept = examine(part), examine(path, check=False)
        if made.kind != "ours" or (made.version, made.tables) != (kept.version, kept.tables):
            raise ValueError(f"the copy is not the same: {made.reason or made.kind}")
        part.chmod(PRIVATE)
        _flush(part)
        part.replace(target)
        flush_folder(backups)
    finally:
        part.unlink(missing_ok=True)
    _prune(backups)
    return target


def newest_good_copy(backups: Path, known: int) -> Path | None:
    """Return the newest copy that is ours, whole and not newer than we know; None without one."""
    for path in list_copies(backups):
        try:
            facts = examine(path)
        except DatabaseUnavailableError:
            continue
        if facts.kind == "ours" and 0 < facts.version <= known:
            return path
    return None


def list_copies(backups: Path) -> list[Path]:
    """Return every copy, the newest first."""
    try:
        found = [path for path in backups.glob("*.db") if path.is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def copied_at(path: Path) -> str:
    """Return when the copy was made, for people: minutes, UTC."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")


def put_back(copy: Path, path: Path) -> None:
    """Make the copy the database, all at once."""
    part = path.with_name(path.name + ".part")
    shutil.copyfile(copy, part)
    part.chmod(PRIVATE)
    _flush(part)
    part.replace(path)
    flush_folder(path.parent)


def is_whole_alone(path: Path, known: int) -> bool:
    """Return whether a database is ours and complete without any write-ahead log."""
    try:
        facts = examine(path, check=False)
    except DatabaseUnavailableError:
        return False
    return facts.kind == "ours" and 0 < facts.version <= known and not integrity_fault(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prune(backups: Path) -> None:
    made = sorted(backups.glob("pre-v*-*.db"), key=lambda path: path.stem.rsplit("-", 1)[1])
    for path in made[:-KEEP]:
        path.unlink(missing_ok=True)
