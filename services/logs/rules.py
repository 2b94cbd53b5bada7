"""Pure: which lines are wanted, how a line stands in the file, and who gets how much room."""

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from services.logs.types import LogEntry, LogFilter, LogLevel

NUMBERS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
CHUNK = 64 * 1024  # characters of a piece of a download
FLOORS = {LogLevel.ERROR: 40, LogLevel.WARNING: 30, LogLevel.INFO: 0}


def ring_of(level_no: int) -> LogLevel:
    """Return the level whose ring keeps a line of that number."""
    if level_no >= FLOORS[LogLevel.ERROR]:
        return LogLevel.ERROR
    return LogLevel.WARNING if level_no >= FLOORS[LogLevel.WARNING] else LogLevel.INFO


def matches(entry: LogEntry, wanted: LogFilter) -> bool:
    """Return whether the line is asked for."""
    if entry.level_no < FLOORS[wanted.level]:
        return False
    if wanted.since is not None and entry.at < wanted.since:
        return False
    if wanted.until is not None and entry.at > wanted.until:
        return False
    return _names_match(entry, wanted) and (
        not wanted.text or wanted.text.casefold() in entry.text.casefold()
    )


def _names_match(entry: LogEntry, wanted: LogFilter) -> bool:
    return (
        (not wanted.user or wanted.user.casefold() in entry.user_id.casefold())
        and entry.request_id.casefold().startswith(wanted.request.casefold())
        and entry.logger.casefold().startswith(wanted.logger.casefold())
    )


def file_line(entry: LogEntry) -> str:
    """Return the line as it stands in the file: one line, whatever is in the text."""
    line = {
        "time": entry.at.isoformat(),
        "level": entry.level,
        "user_id": entry.user_id or None,
        "request_id": entry.request_id or None,
        "logger": entry.logger,
        "text": entry.text,
    }
    return json.dumps(line, ensure_ascii=False)


def read_line(line: bytes) -> LogEntry | None:
    """Return what a line of the file says, None when it is torn or of another program."""
    try:
        found: dict[str, Any] = json.loads(line)
        at = datetime.fromisoformat(found["time"])
        level = str(found["level"])
        return LogEntry(
            at=at if at.tzinfo is not None else at.replace(tzinfo=UTC),
            level=level,
            level_no=NUMBERS.get(level, 0),
            text=str(found["text"]),
            logger=str(found["logger"]),
            user_id=str(found["user_id"] or ""),
            request_id=str(found["request_id"] or ""),
        )
    except (ValueError, KeyError, TypeError):
        return None


def is_below(line: bytes, level: LogLevel) -> bool:
    """Return whether a line of the file is surely of a lower level, without reading all of it.

    Quotes inside a text are escaped in the file, so the words can only be the field itself.
    """
    if level is LogLevel.INFO:
        return False
    return any(mark in line for mark in _BELOW[level])


_BELOW = {
    LogLevel.ERROR: (b'"level": "INFO"', b'"level": "WARNING"', b'"level": "DEBUG"'),
    LogLevel.WARNING: (b'"level": "INFO"', b'"level": "DEBUG"'),
}


def plain_line(entry: LogEntry) -> str:
    """Return the line as people read it; what follows the first line of a text is indented."""
    head = f"{entry.at.isoformat(timespec='milliseconds')} {entry.level}"
    names = f"{entry.user_id or '-'} {entry.request_id or '-'} {entry.logger}"
    return f"{head} {names}: {entry.text.replace(chr(10), chr(10) + '    ')}"


def chunks(entries: Iterable[LogEntry], write: Callable[[LogEntry], str]) -> Generator[str]:
    """Yield the written lines in pieces of a size that suits a socket."""
    waiting: list[str] = []
    size = 0
    for entry in entries:
        line = write(entry) + "\n"
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


def fair(groups: Sequence[Sequence[LogEntry]], limit: int) -> list[LogEntry]:
    """Return at most `limit` of the newest lines, the newest first, with a share for each group.

    Each group is oldest first. Without the share a flood of one level would hide the others.
    """
    filled = [group for group in groups if group]
    if not filled or limit < 1:
        return []
    share = max(1, limit // len(filled))
    sure = [entry for group in filled for entry in group[-share:]]
    rest = [entry for group in filled for entry in group[:-share]]
    rest.sort(key=_seq, reverse=True)
    room = max(0, limit - len(sure))
    return sorted([*sure, *rest[:room]], key=_seq, reverse=True)[:limit]


def _seq(entry: LogEntry) -> int:
    return entry.seq
