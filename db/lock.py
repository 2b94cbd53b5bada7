"""InstanceLock: one process a data folder; the kernel frees it however the process ends."""

import json
import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from db.errors import AnotherInstanceError

LOCK_FILE = "app.lock"
_RETRIES = 20
_RETRY_S = 0.05

if sys.platform == "win32":  # pragma: no cover  # the tests run on POSIX
    import msvcrt

    _FAR = 1 << 30  # a locked byte cannot be read by others, so lock one behind the text

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lock; pid 0 and an empty url when it could not write that."""

    pid: int
    url: str


class InstanceLock:
    """Held from `acquire` to `release` or to the end of the process, whichever comes first."""

    def __init__(self, path: Path, handle: int) -> None:
        """Wrap an open, locked handle; use `acquire`."""
        self.path = path
        self._handle: int | None = handle
        if hasattr(os, "register_at_fork"):
            # A forked child would keep the lock alive after us: it must not own a copy.
            os.register_at_fork(after_in_child=self._forget)

    @classmethod
    def acquire(cls, folder: Path, url: str, name: str = LOCK_FILE) -> "InstanceLock":
        """Return the lock on the folder; raise AnotherInstanceError naming who has it, or OSError."""
        path = folder / name
        handle = _open(path)
        for _ in range(_RETRIES):
            if _try_lock(handle):
                _write(handle, json.dumps({"pid": os.getpid(), "url": url}))
                return cls(path, handle)
            holder = _read(path)
            if holder is not None and _is_alive(holder.pid):
                break
            threading.Event().wait(_RETRY_S)  # it has the lock but not yet said who it is
        else:
            holder = None
        os.close(handle)
        raise AnotherInstanceError(
            str(folder), holder.pid if holder else 0, holder.url if holder else ""
        )

    def release(self) -> None:
        """Let the next one in; a second call does nothing."""
        if self._handle is not None:
            _write(self._handle, "")
            os.close(self._handle)
            self._handle = None

    def _forget(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def read_holder(data_dir: Path) -> Holder | None:
    """Return who holds the folder now, or None when nobody does."""
    path = data_dir / LOCK_FILE
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        free = _try_lock(handle)
    finally:
        os.close(handle)
    return None if free else _read(path) or Holder(0, "")


def _open(path: Path) -> int:
    """Open the lock file, or where it cannot be made (read-only folder) the folder itself."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return os.open(path if path.exists() else path.parent, os.O_RDONLY)


def _write(handle: int, text: str) -> None:
    with suppress(OSError):  # a full disk or a read-only folder: the lock itself still holds
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0) if hasattr(os, "pwrite") else _write_at_start(
            handle, text
        )
        os.fsync(handle)


def _write_at_start(handle: int, text: str) -> None:  # pragma: no cover  # Windows
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text.encode())


def _read(path: Path) -> Holder | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        value = json.loads(path.read_bytes())
        return Holder(int(value["pid"]), str(value["url"]))
    return None


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # pragma: no cover
        return True  # os.kill(pid, 0) would end the process there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's process
    return True
