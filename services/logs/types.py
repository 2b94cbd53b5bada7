"""LogEntry, LogFilter and pages of lines: what the log holds, already masked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LogLevel(StrEnum):
    """What is asked for: this and what is worse."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line; `user_id` is who the work was done for, empty for the console's own."""

    at: datetime  # UTC
    level: str  # DEBUG, INFO, WARNING, ERROR, CRITICAL
    level_no: int
    text: str
    logger: str
    user_id: str
    request_id: str  # of a request, or the id of the execution it was said in
    module: str = ""  # not in the file, like the next three
    function: str = ""
    line: int = 0
    seq: int = 0  # grows by one with each line of this start; 0 when it was read from the file


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines are wanted; texts are looked for without regard to case."""

    level: LogLevel = LogLevel.WARNING
    text: str = ""  # somewhere in the line
    user: str = ""  # somewhere in the user id
    request: str = ""  # the beginning of the request or execution id
    logger: str = ""  # the beginning of its name
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the files reading backwards goes on; it survives a file that turns over."""

    file: int  # the file's own number, which its names come and go around
    offset: int  # bytes of it that are still to be read


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines read backwards from the files, the newest first."""

    entries: tuple[LogEntry, ...]
    next: Place | None  # None when nothing older is left
    searched_to: datetime | None = None  # the time of the oldest line that was looked at


@dataclass(frozen=True, slots=True)
class LogNews:
    """What came after a line: what fits, the oldest first, and how many were left out."""

    entries: tuple[LogEntry, ...]
    seq: int  # go on from here
    missed: int = 0  # not looked at, or too many to show; they are in the file


@dataclass(frozen=True, slots=True)
class LogFileState:
    """How the files are: their size together, and what could not be written."""

    folder: str  # absolute
    files: int
    size_bytes: int
    lost: int = 0  # lines that are in memory only
    reason: str = ""  # why
