"""Files of a SQLite database: where they are, whether they are still ours, what the disk allows."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

from db.errors import DatabaseUnavailableError

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
MOUNTS = Path("/proc/mounts")
PRIVATE = 0o600
MAGIC = b"SQLite format 3\x00"


def log_of(path: Path) -> Path:
    """Return the path of the write-ahead log."""
    return path.with_name(path.name + "-wal")


def parts_of(path: Path) -> tuple[Path, ...]:
    """Return the files that only together are the database."""
    return (
        path,
        log_of(path),
        path.with_name(path.name + "-shm"),
        path.with_name(path.name + "-journal"),
    )


def size_of(path: Path) -> int:
    """Return the size in bytes, 0 when there is no such file."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def free_bytes(path: Path) -> int:
    """Return what is free on the disk of the path or of its nearest existing folder."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def network_kind(path: Path, mounts: Path = MOUNTS) -> str:
    """Return the type of the network file system the path is on, or an empty text."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""  # no such list on this system
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        # of two mounts on one point the later covers the earlier
        if (path == point or point in path.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind if kind in _NETWORK or kind.startswith("fuse.ssh") or kind == "fuse.s3fs" else ""


def why_not_writable(path: Path) -> tuple[Path, str] | None:
    """Return what may not be written, the file or its folder, and why; None when both may."""
    if path.exists():
        try:
            os.close(os.open(path, os.O_RDWR))
        except OSError as error:
            return path, error.strerror or str(error)
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        return path.parent, error.strerror or str(error)
    return None


def move_together(path: Path, folder: Path) -> None:
    """Move the database with its log into the folder; a part alone would be worthless."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in reversed(parts_of(path)):
        if part.exists():
            shutil.move(part, folder / part.name)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make renames in the folder survive a power cut, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError:
        return  # some file systems refuse it for folders
    finally:
        os.close(handle)


class DatabaseFile:
    """A database file that must stay the one that was opened first."""

    def __init__(self, path: Path) -> None:
        """Remember the file that is there, or take the first one opened."""
        self.path = path
        self._gate = threading.Lock()
        self._identity = _identity(path)
        self._gone = False

    @property
    def is_known(self) -> bool:
        """Whether the file was seen; from then on it is never created anew."""
        return self._identity is not None

    @property
    def is_gone(self) -> bool:
        """Whether it was found removed or replaced; that stays so until the next start."""
        return self._gone

    def check(self) -> None:
        """Raise DatabaseUnavailableError("gone") when another file, or none, is at the path."""
        if self._identity is None:
            with self._gate:
                self._identity = _identity(self.path)
        elif not self._gone and _identity(self.path) != self._identity:
            self._gone = True
        if self._gone:
            raise DatabaseUnavailableError("gone", "the file was removed or replaced while in use")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
