"""Put a copy in the place of the database: checked first, the replaced one kept beside."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.boot.backup import count_rows
from db.boot.copies import stamp
from db.boot.examine import examine, integrity_fault
from db.connect import open_raw
from db.files import PRIVATE, flush_folder, log_of, parts_of, size_of


class NotRestorableError(Exception):
    """The file is not a good copy for this program; `reason` is one word, `detail` the driver's."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the word: missing, in_use, empty, foreign, damaged or newer."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Staged:
    """A copy of the backup beside the database, checked."""

    path: Path
    version: int
    rows: int


def stage(file: Path, database: Path, known: int) -> Staged:
    """Return a checked copy of the file beside the database; raise NotRestorableError or OSError."""
    if not file.is_file():
        raise NotRestorableError("missing")
    if size_of(log_of(file)):
        raise NotRestorableError("in_use")  # without its log it would be an older moment
    staged = database.with_name(database.name + ".restoring")
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, staged)
        staged.chmod(PRIVATE)
        return _checked(staged, known)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def _checked(staged: Path, known: int) -> Staged:
    facts = examine(staged, check=False)
    if facts.kind != "ours":
        reason = facts.kind if facts.kind in ("empty", "damaged") else "foreign"
        raise NotRestorableError(reason, facts.reason)
    if not 0 < facts.version <= known:
        raise NotRestorableError("newer", str(facts.version))
    if fault := integrity_fault(staged):
        raise NotRestorableError("damaged", fault)
    with closing(open_raw(staged, "rw")) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")  # no log of it may lie beside the database
        rows = sum(count_rows(copy).values())
    return Staged(staged, facts.version, rows)


def swap(staged: Path, database: Path, now: datetime) -> Path | None:
    """Make the staged copy the database; return where the replaced one is, None without one."""
    kept: Path | None = None
    if database.exists():
        _fold(database)
        kept = database.with_name(f"{database.name}.replaced-{stamp(now)}")
        if not _link(database, kept):
            shutil.copyfile(database, kept)
    for part, name in zip(parts_of(database)[1:], ("-wal", "-shm", "-journal"), strict=True):
        if part.exists():  # a log that could not be folded belongs to the replaced one
            beside = kept or database.with_name(f"{database.name}.replaced-{stamp(now)}")
            part.replace(beside.with_name(beside.name + name))
    staged.replace(database)
    flush_folder(database.parent)
    return kept


def swap_back(kept: Path | None, database: Path) -> None:
    """Undo swap: the kept database with its log is the database again."""
    if kept is None:
        return
    for part in parts_of(database)[1:]:
        part.unlink(missing_ok=True)
    for old, new in zip(parts_of(kept), parts_of(database), strict=True):
        if old.exists():
            old.replace(new)
    flush_folder(database.parent)


def _fold(database: Path) -> None:
    """Fold the log into the file, so that one file is all of it; a damaged one is kept as it is."""
    try:
        with closing(open_raw(database, "rw")) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error:
        return


def _link(database: Path, kept: Path) -> bool:
    kept.unlink(missing_ok=True)
    try:
        os.link(database, kept)
    except OSError:  # the disk knows no links
        return False
    return True
