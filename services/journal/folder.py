"""The journal's files: one a record, whole or not there at all; what is no record is put aside."""

import contextlib
import errno
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path

from services.journal.records import NAME, decode, encode, file_name
from services.journal.types import BadRecordError, Put, Record

ASIDE = "quarantine"
READ_MAX = 64 * 1024 * 1024
LISTED_MAX = 100
_REASON = ".reason.txt"
_PRIVATE = 0o600
_log = logging.getLogger(__name__)


class Folder:
    """Files of records; every call may raise OSError. It is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Touch nothing yet."""
        self.path = path

    def open(self) -> None:
        """Make the folder, and settle what a crash left half written."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in sorted(self.path.glob("*.tmp")):
            self._settle(part)

    def _settle(self, part: Path) -> None:
        """A part that is whole becomes the record it was to be; a torn one is put aside."""
        try:
            record = decode(_read(part))
        except (BadRecordError, OSError) as error:
            if part.is_symlink() or part.stat().st_size:
                self.put_aside(part.name, f"half written when the process ended: {error}")
            else:
                part.unlink()
            return
        part.rename(self.path / file_name(record))

    def write(self, record: Record) -> str:
        """Return the name of the record's file, which is on disk with its name."""
        name = file_name(record)
        part = self.path / f"{name}.tmp"
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
            with os.fdopen(handle, "wb") as file:
                file.write(encode(record))
                file.flush()
                os.fsync(file.fileno())
            part.rename(self.path / name)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._flush()
        return name

    def names(self) -> list[str]:
        """Return the names of all records, in the order in which they are written back.

        Files that cannot be records are put aside.
        """
        names: list[str] = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) or entry.name.startswith((".", "reserve")):
                    continue
                if entry.name.endswith(".tmp"):
                    continue
                names.append(entry.name)
        good = [name for name in names if NAME.fullmatch(name)]
        for name in set(names) - set(good):
            self.put_aside(name, "its name is not that of a record")
        return sorted(good)

    def read(self, name: str) -> Record:
        """Return the record of that file; raise BadRecordError, FileNotFoundError."""
        record = decode(_read(self.path / name))
        if file_name(record) != name:
            raise BadRecordError("its name is not that of its record")
        return record

    def remove(self, names: Iterable[str]) -> None:
        """Remove records that were written back."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        self._flush()

    def put_aside(self, name: str, reason: str) -> None:
        """Move a file out of the way, with the reason beside it; nothing is deleted."""
        aside = self.path / ASIDE
        aside.mkdir(exist_ok=True, mode=0o700)
        target = _free_name(aside, name)
        with contextlib.suppress(OSError):  # the disk may be full: the log has the reason too
            (aside / f"{target}{_REASON}").write_text(reason + "\n")
        _log.error("%s was put aside in %s: %s", name, aside, reason)
        (self.path / name).rename(aside / target)
        self._flush()

    def add_aside(self, record: Record, reason: str) -> None:
        """Keep rows that no table takes, with the reason beside them."""
        aside = self.path / ASIDE
        aside.mkdir(exist_ok=True, mode=0o700)
        name = file_name(record)
        (aside / name).write_bytes(encode(record))  # written again when a crash came in between
        (aside / f"{name}{_REASON}").write_text(reason + "\n")
        _log.error("%d rows of %s were put aside: %s", len(record.rows), name, reason)

    def aside(self) -> tuple[Put, ...]:
        """Return what was put aside, at most a hundred files, the newest name last."""
        folder = self.path / ASIDE
        if not folder.is_dir():
            return ()
        files = sorted(one.name for one in folder.iterdir() if not one.name.endswith(_REASON))
        return tuple(_put(folder, name) for name in files[-LISTED_MAX:])

    def _flush(self) -> None:
        if not hasattr(os, "O_DIRECTORY"):
            return
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EROFS):  # some file systems refuse it
                raise
        finally:
            os.close(handle)


def _read(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        data = file.read(READ_MAX + 1)
    if len(data) > READ_MAX:
        raise BadRecordError(f"it is larger than {READ_MAX} bytes")
    return data


def _put(folder: Path, name: str) -> Put:
    try:
        reason = (folder / f"{name}{_REASON}").read_text(errors="replace").strip()[:300]
    except OSError:
        reason = ""
    try:
        size = (folder / name).lstat().st_size
    except OSError:
        size = 0
    return Put(name, reason, size)


def _free_name(folder: Path, name: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "_", name)[-150:]
    for number in range(1, 1_000):
        wanted = name if number == 1 else f"{number}-{name}"
        if not os.path.lexists(folder / wanted):
            return wanted
    return name
