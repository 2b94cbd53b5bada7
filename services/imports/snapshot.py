"""A private copy of a foreign database: the file itself is read as bytes, never opened by SQLite.

Opening it would take locks its server waits for, and could write: a log is rolled into the file,
an index of the log appears beside it. So file and log are copied, and only the copy is opened.
"""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from db.connect import APPLICATION_ID
from services.foundation.errors import ConsoleError, InputError

_MAGIC = b"SQLite format 3\x00"
_HEAD = 100  # bytes of its header
_SIDES = ("-wal", "-journal")
_TRIES = 5


@contextmanager
def copy_of(path: Path, folder: Path) -> Generator[Path]:
    """Give a copy of the database of one moment, gone afterwards; raise InputError with the reason."""
    _check(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        place = tempfile.TemporaryDirectory(prefix="copy-", dir=folder)  # mode 0700
    except OSError as error:
        raise _unreadable(path, error) from error
    with place as name:
        try:
            copy = _copied(path, Path(name))
        except OSError as error:
            raise _unreadable(path, error) from error
        yield copy


def sweep(folder: Path) -> None:
    """Remove copies a killed process left: they hold keys in plain text."""
    for left in folder.glob("copy-*"):
        shutil.rmtree(left, ignore_errors=True)


def _copied(path: Path, place: Path) -> Path:
    for _ in range(_TRIES):
        before = _state(path)
        for side in ("", *_SIDES):
            source, copy = Path(f"{path}{side}"), place / f"original.db{side}"
            copy.unlink(missing_ok=True)
            if source.is_file():
                shutil.copyfile(source, copy)
        if _state(path) == before:
            return place / "original.db"
    raise InputError(
        "{path} is written to all the time: stop its server, or take a backup of it",
        field="from",
        path=str(path),
    )


def _state(path: Path) -> list[Any]:
    """What tells that file or log changed while they were copied."""
    found: list[Any] = []
    for side in ("", *_SIDES):
        try:
            stat = Path(f"{path}{side}").stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return found


def _check(path: Path) -> None:
    """Raise InputError unless the file's head is that of a database that may be an original."""
    if not path.is_file():
        raise InputError("There is no file {path}", field="from", path=str(path))
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(head) < _HEAD or not head.startswith(_MAGIC):
        raise InputError("{path} is no SQLite database", field="from", path=str(path))
    check_application(path, int.from_bytes(head[68:72], "big"))


def check_application(path: Path, application: int) -> None:
    """Raise InputError unless the database carries no program's mark: an original has none."""
    if application == APPLICATION_ID:
        raise InputError(
            "{path} belongs to this console: put it back with `restore`",
            field="from",
            path=str(path),
        )
    if application:
        raise InputError("{path} belongs to another program", field="from", path=str(path))


def _unreadable(path: Path, error: OSError) -> ConsoleError:
    reason = error.strerror or str(error)
    return InputError(
        "{path} cannot be read: {reason}", field="from", path=str(path), reason=reason
    )
