"""Logs: takes every record of the program's logging, from any thread, and keeps it masked."""

import itertools
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler

from services.foundation.actor import CONSOLE, current_actor
from services.foundation.clock import Clock
from services.foundation.redact import redact
from services.logs.types import LogEntry, LogLevel
from services.settings.service import Settings
from services.settings.types import Preferences

FILE, FILE_BYTES, FILES_KEPT = "console.jsonl", 10_000_000, 5
TEXT_MAX = 20_000  # characters of one line, its traceback included
_SECRETS_S = 5.0  # how old the list of known secrets may be
_FLOORS = {LogLevel.ERROR: logging.ERROR, LogLevel.WARNING: logging.WARNING, LogLevel.INFO: 0}


class Logs(logging.Handler):
    """A ring for each level, so that many INFO lines never push out an error; and the file."""

    def __init__(
        self, settings: Settings, clock: Clock, known_secrets: Callable[[], Iterable[str]]
    ) -> None:
        """Take nothing yet; install() begins."""
        super().__init__()
        self._clock = clock
        self._known_secrets = known_secrets
        self._secrets: tuple[float, list[str]] = (float("-inf"), [])
        self._numbers = itertools.count(1)
        self._busy = threading.local()
        self._path = settings.env.logs_dir / FILE
        self._file: RotatingFileHandler | None = None
        self._rings: dict[LogLevel, deque[LogEntry]] = {level: deque() for level in LogLevel}
        self._resize(settings.preferences)
        settings.changed.subscribe(self._resize)

    def install(self) -> None:
        """Hear every record from now on; without a writable folder only the memory keeps them."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = RotatingFileHandler(
                self._path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
            )
        except OSError as error:
            self._file = None
            logging.getLogger(__name__).warning("the log file cannot be written: %s", error)
        logging.getLogger().addHandler(self)

    def remove(self) -> None:
        """Hear nothing further and close the file."""
        logging.getLogger().removeHandler(self)
        if self._file is not None:
            self._file.close()
            self._file = None

    def recent(self, level: LogLevel = LogLevel.WARNING, limit: int = 100) -> list[LogEntry]:
        """Return the newest lines of this level and above, newest first."""
        wanted = [one for one in LogLevel if _FLOORS[one] >= _FLOORS[level]]
        with self.lock or threading.Lock():
            found = [entry for one in wanted for entry in self._rings[one]]
        return sorted(found, key=lambda entry: entry.seq, reverse=True)[:limit]

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record; what goes wrong here goes to logging's own last resort."""
        if getattr(self._busy, "now", False):  # said while a line was being kept
            return
        self._busy.now = True
        try:
            entry = self._to_entry(record)
            self._rings[_ring_of(record.levelno)].append(entry)
            if self._file is not None:
                self._file.emit(_as_record(record, entry))
        except Exception:  # noqa: BLE001  # boundary: a line that cannot be kept must not end the work
            self.handleError(record)
        finally:
            self._busy.now = False

    def _to_entry(self, record: logging.LogRecord) -> LogEntry:
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{_FORMAT.formatException(record.exc_info)}"
        actor = current_actor()
        return LogEntry(
            at=datetime.fromtimestamp(record.created, UTC),
            level=record.levelname,
            level_no=record.levelno,
            text=redact(text[: 2 * TEXT_MAX], self._secrets_now())[:TEXT_MAX],
            logger=record.name,
            user_id="" if actor.name == CONSOLE else actor.name,
            request_id=actor.request_id,
            module=record.module,
            function=record.funcName or "",
            line=record.lineno,
            seq=next(self._numbers),
        )

    def _secrets_now(self) -> list[str]:
        at, known = self._secrets
        now = self._clock.monotonic()
        if now - at >= _SECRETS_S:
            known = sorted(set(self._known_secrets()), key=len, reverse=True)
            self._secrets = (now, known)
        return known

    def _resize(self, preferences: Preferences) -> None:
        size = preferences.log_retention_size
        self._rings = {level: deque(ring, maxlen=size) for level, ring in self._rings.items()}


_FORMAT = logging.Formatter()


def _ring_of(level_no: int) -> LogLevel:
    if level_no >= logging.ERROR:
        return LogLevel.ERROR
    return LogLevel.WARNING if level_no >= logging.WARNING else LogLevel.INFO


def _as_record(record: logging.LogRecord, entry: LogEntry) -> logging.LogRecord:
    """Return a record whose message is the JSON line."""
    line = {
        "time": entry.at.isoformat(),
        "level": entry.level,
        "user_id": entry.user_id or None,
        "request_id": entry.request_id or None,
        "logger": entry.logger,
        "text": entry.text,
    }
    text = json.dumps(line, ensure_ascii=False)
    return logging.LogRecord(
        record.name, record.levelno, record.pathname, record.lineno, text, None, None
    )
