"""Logs: takes every record of the program's logging, from any thread, and keeps it masked."""

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from db.engine import Database
from services.foundation.actor import CONSOLE, current_actor
from services.foundation.clock import Clock
from services.foundation.redact import redact
from services.foundation.signals import Signal
from services.logs.file import LogFile
from services.logs.reader import LogReader
from services.logs.rings import Rings
from services.logs.rules import chunks, file_line, plain_line
from services.logs.traces import Traces
from services.logs.types import (
    LogEntry,
    LogFileState,
    LogFilter,
    LogLevel,
    LogNews,
    LogPage,
    Place,
)
from services.settings.service import Settings
from services.settings.types import Preferences

FILE = "console.jsonl"
TEXT_MAX = 20_000  # characters of one line, its traceback included
NEWS_MAX = 200  # lines for one push to a page
TELL_S = 0.2  # how often pages hear of new lines
_SECRETS_S = 5.0  # how old the list of known secrets may be


class Logs(logging.Handler):
    """Rings in memory, a rotated file on disk, and a signal for the pages that follow."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        known_secrets: Callable[[], Iterable[str]],
        database: Database,
    ) -> None:
        """Take nothing yet; install() begins."""
        super().__init__()
        self.traces = Traces(database)
        self._settings = settings
        self._clock = clock
        self._known_secrets = known_secrets
        self._secrets: tuple[float, list[str]] = (float("-inf"), [])
        self._numbers = itertools.count(1)
        self._busy = threading.local()
        self._path = settings.env.logs_dir / FILE
        self._file: LogFile | None = None
        self._rings = Rings(settings.preferences.log_retention_size)
        self._reader = LogReader(self._path, self.masked)
        self._refusal = ""
        self._level_before = logging.WARNING
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_telling = False
        self._guard = self.lock or threading.RLock()
        self.changed: Signal[int] = Signal("logs.changed")  # the number of the newest line
        settings.changed.subscribe(self._apply)

    # -- begin, end, settings

    def install(self) -> None:
        """Hear every record from now on; without a writable folder only the memory keeps them."""
        preferences = self._settings.preferences
        with suppress(RuntimeError):  # no loop: nobody can follow
            self._loop = asyncio.get_running_loop()
        self.open_file()
        root = logging.getLogger()
        self._level_before = root.level
        root.setLevel(preferences.log_level)
        root.addHandler(self)

    def open_file(self) -> None:
        """Begin to write the file; without one the memory goes on keeping lines."""
        preferences = self._settings.preferences
        try:
            self._file = LogFile(self._path, preferences.log_file_mb, preferences.log_files_kept)
        except OSError as error:
            self._file, self._refusal = None, str(error)
            logging.getLogger(__name__).warning("the log file cannot be written: %s", error)

    def remove(self) -> None:
        """Hear nothing further and close the file."""
        root = logging.getLogger()
        if self not in root.handlers:
            return
        root.removeHandler(self)
        root.setLevel(self._level_before)
        self._loop = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def _apply(self, preferences: Preferences) -> None:
        with self._guard:
            self._rings.resize(preferences.log_retention_size)
            if self._file is not None:
                self._file.resize(preferences.log_file_mb, preferences.log_files_kept)
        root = logging.getLogger()
        if self in root.handlers:
            root.setLevel(preferences.log_level)

    # -- read

    @property
    def seq(self) -> int:
        """The number of the newest line."""
        return self._rings.seq

    def recent(self, level: LogLevel = LogLevel.WARNING, limit: int = 100) -> list[LogEntry]:
        """Return the newest lines of this level and above, newest first."""
        with self._guard:
            return self._rings.recent(level, limit)

    def since(self, seq: int, wanted: LogFilter, limit: int = NEWS_MAX) -> LogNews:
        """Return the wanted lines after that number, the oldest first."""
        with self._guard:
            return self._rings.since(seq, wanted, limit)

    def now(self) -> tuple[int, Place | None]:
        """Return the newest line's number and the place behind it in the file, of one moment."""
        with self._guard:
            return self._rings.seq, self._reader.end()

    async def page(self, wanted: LogFilter, before: Place | None, limit: int = 200) -> LogPage:
        """Return lines of the files before a place, newest first, from a stretch of bounded length."""
        return await asyncio.to_thread(self._reader.page, wanted, before, limit=limit)

    def export(self, wanted: LogFilter, *, as_text: bool) -> Generator[str]:
        """Yield pieces of a file of every wanted line, the oldest first; reads, so not on the loop."""
        return chunks(self._reader.lines(wanted), plain_line if as_text else file_line)

    def state(self) -> LogFileState:
        """Return how the files are."""
        if self._file is None:
            return LogFileState(str(self._path.parent), 0, 0, self._rings.seq, self._refusal)
        return self._file.state()

    def masked(self, text: str) -> str:
        """Return the text with every secret masked that is known now."""
        return redact(text, self._secrets_now())

    # -- keep

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record; what goes wrong here goes to logging's own last resort."""
        if getattr(self._busy, "now", False):  # said while a line was being kept
            return
        self._busy.now = True
        try:
            entry = self._to_entry(record)
            self._rings.add(entry)
            if self._file is not None:
                self._file.write(entry.level_no, file_line(entry))
            self._tell_soon()
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
            text=self.masked(text[: 2 * TEXT_MAX])[:TEXT_MAX],
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

    # -- tell

    def _tell_soon(self) -> None:
        """Wake the loop once for all lines until it has told them; from any thread."""
        loop = self._loop
        if loop is None or self._is_telling or not self.changed.subscriber_count:
            return
        if not loop.is_closed():
            self._is_telling = True
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self._loop is not None:
            told = self._rings.seq
            self.changed.emit(told)
            self._loop.call_later(TELL_S, self._rest, told)

    def _rest(self, told: int) -> None:
        self._is_telling = False
        if self._rings.seq > told:
            self._tell_soon()


_FORMAT = logging.Formatter()
