"""LogEntry: one line of the log, already masked."""

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
    request_id: str
    module: str
    function: str
    line: int
    seq: int  # grows by one with each line
