"""LogFile: lines in a file that turns over; what cannot be written is counted, never raised."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from services.logs.types import LogFileState

MB = 1_000_000


class LogFile(RotatingFileHandler):
    """The file `console.jsonl` and the older ones beside it, `.1` the newest of them."""

    def __init__(self, path: Path, size_mb: int, kept: int) -> None:
        """Open it; raise OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=size_mb * MB, backupCount=kept, encoding="utf-8")
        self.path = path
        self.lost = 0
        self.reason = ""

    def write(self, level_no: int, line: str) -> None:
        """Add the line; the handler above holds its lock."""
        self.emit(logging.LogRecord("", level_no, "", 0, line, None, None))

    def resize(self, size_mb: int, kept: int) -> None:
        """Let it turn over at another size; older files than are kept go at once."""
        self.maxBytes, self.backupCount = size_mb * MB, kept
        for path in older_files(self.path):
            if int(path.suffix[1:]) > kept:
                path.unlink(missing_ok=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  # as logging calls it
        """Count a line that could not be written; a full disk must not end anything."""
        self.lost += 1
        self.reason = str(sys.exc_info()[1] or "")

    def state(self) -> LogFileState:
        """Return how the files are."""
        sizes = [_size_of(path) for path in (self.path, *older_files(self.path))]
        return LogFileState(str(self.path.parent), len(sizes), sum(sizes), self.lost, self.reason)


def older_files(path: Path) -> list[Path]:
    """Return the files that were turned over, the newest first."""
    try:
        beside = [one for one in path.parent.glob(f"{path.name}.*") if one.suffix[1:].isdecimal()]
    except OSError:
        return []
    return sorted(beside, key=lambda one: int(one.suffix[1:]))


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
