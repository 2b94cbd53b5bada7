"""Database: the two doors read and write over SQLite or PostgreSQL."""

import asyncio
import atexit
import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Session

from db.connect import READERS, Access, build_engine, to_unavailable
from db.errors import DatabaseUnavailableError
from db.files import DatabaseFile, free_bytes, log_of, size_of
from db.notices import StoreNotice
from db.telling import Telling
from db.writer import QUEUE_MAX, Writer

LOG_LARGE_BYTES = 64 * 1024 * 1024
SPACE_LOW_BYTES = 200 * 1024 * 1024
_MB = 1024 * 1024
_WORDS = {"disk_low": "full", "check_failed": "corrupt", "file_gone": "gone"}
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """The store as it is now; notices say what an operator must know, the worst first."""

    backend: str  # sqlite or postgresql
    location: str  # the absolute path, or host and name without the password
    size_bytes: int  # 0 with PostgreSQL
    log_bytes: int  # the write-ahead log; 0 with PostgreSQL
    free_bytes: int | None  # on the disk of the file
    waiting_writes: int
    is_writer_alive: bool
    read_only: StoreNotice | None
    notices: tuple[StoreNotice, ...] = ()


class Database:
    """Plain functions of a session go in, their values come out; the loop is never blocked."""

    def __init__(
        self,
        url: str,
        *,
        path: Path | None = None,
        access: Access | None = None,
        read_only: StoreNotice | None = None,
        on_closed: Callable[[], None] | None = None,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        """Open engines and the writer thread; the schema must exist (see db.boot).

        `path` names a SQLite file that a URL could not: one with a question mark in it.
        """
        made = make_url(url)
        access = access or Access()
        self.url = url
        self.admit: Callable[[], None] | None = None
        self.backend = made.get_backend_name()  # sqlite or postgresql
        is_file = self.backend == "sqlite"
        self.path = (path or Path(made.database or "")).absolute() if is_file else None
        self.location = str(self.path) if self.path else masked_location(url)
        self._file = DatabaseFile(self.path) if self.path else None
        self._read_only = read_only
        self._on_closed = on_closed
        self.writing_engine = build_engine(url, writes=True, access=access, file=self._file)
        self._reading_engine = build_engine(url, writes=False, access=access, file=self._file)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self._close_gate = threading.Lock()
        self._is_closed = False
        self._writer = Writer(
            self.writing_engine,
            check=self._check_writable,
            lock_attempts=access.lock_attempts,
            queue_max=queue_max,
        )

    @property
    def waiting_writes(self) -> int:
        """How many changes wait for a commit now."""
        return self._writer.waiting

    @property
    def refusal(self) -> str:
        """The reason the last commit was refused for, empty since one succeeded."""
        if (notice := self.read_only) is not None:
            return _WORDS.get(notice.code, "readonly")
        return self._writer.refusal

    @property
    def is_writer_alive(self) -> bool:
        """Whether changes are still being taken to disk."""
        return self._writer.is_alive

    @property
    def read_only(self) -> StoreNotice | None:
        """Why nothing is written, or None when changes are kept."""
        if self._read_only is None and self._file is not None and self._file.is_gone:
            self._read_only = StoreNotice("file_gone", {"path": self.location})
        return self._read_only

    def stop_writing(self, notice: StoreNotice) -> None:
        """Refuse every change from now on, for the reason given; reading goes on."""
        self._read_only = notice

    def tell_others(self, boot_id: str, watched: Collection[str]) -> None:
        """Say with every commit from now on which of these tables it changed; PostgreSQL only."""
        self._writer.before_commit = Telling(self.writing_engine, boot_id, watched).before_commit

    def health(self) -> StoreHealth:
        """Return what the status bar and `doctor` show; costs a few file look-ups, no query."""
        size = log = 0
        free = None
        if self.path is not None and self._file is not None:
            size, log = size_of(self.path), size_of(log_of(self.path))
            free = free_bytes(self.path)
            try:
                self._file.check()
            except DatabaseUnavailableError as error:
                _log.debug("%s", error)  # seen in read_only below
        return StoreHealth(
            backend=self.backend,
            location=self.location,
            size_bytes=size,
            log_bytes=log,
            free_bytes=free,
            waiting_writes=self.waiting_writes,
            is_writer_alive=self.is_writer_alive,
            read_only=self.read_only,
            notices=self._notices(log, free),
        )

    def _notices(self, log: int, free: int | None) -> tuple[StoreNotice, ...]:
        found: list[StoreNotice] = []
        if self.read_only is not None:
            return (self.read_only,)  # the reason of everything else
        if self._writer.fault:
            found.append(StoreNotice("writer_dead", {"reason": self._writer.fault}))
        if self._writer.refusal:
            code = f"refused_{self._writer.refusal}"
            found.append(StoreNotice(code, {"path": self.location}))
        if log > LOG_LARGE_BYTES:
            size = log // _MB
            found.append(StoreNotice("log_large", {"path": self.location, "size_mb": size}))
        if free is not None and free < SPACE_LOW_BYTES:
            free_mb = free // _MB
            found.append(StoreNotice("space_low", {"path": self.location, "free_mb": free_mb}))
        return tuple(found)

    def _check_writable(self) -> None:
        if self._file is not None:
            self._file.check()
        if self._read_only is not None:
            raise DatabaseUnavailableError(
                _WORDS.get(self._read_only.code, "readonly"), str(self._read_only)
            )

    def read_now(self, query: Callable[[Session], T]) -> T:
        """Return the query's value, in the calling thread; raise DatabaseUnavailableError."""
        try:
            with Session(self._reading_engine, expire_on_commit=False) as session:
                return query(session)
        except (DBAPIError, PoolTimeoutError) as error:
            refused = to_unavailable(error)
            if refused is None or refused.reason == "readonly":  # a query that writes is a bug
                raise
            raise refused from error

    def write_now(self, change: Callable[[Session], T]) -> T:
        """Return the change's value once it is on disk; blocks the calling thread."""
        return self._writer.put(change).result()

    async def read(self, query: Callable[[Session], T]) -> T:
        """Return the query's value; raise DatabaseUnavailableError when the store refuses."""
        loop = asyncio.get_running_loop()
        try:
            reading = loop.run_in_executor(self._readers, self.read_now, query)
        except RuntimeError as error:  # the pool of threads was shut down
            raise DatabaseUnavailableError("gone", "the database is closed") from error
        return await reading

    async def write(self, change: Callable[[Session], T]) -> T:
        """Return the change's value after its commit is on disk; raise DatabaseUnavailableError.

        A cancelled caller whose change has not begun takes it back; one that has begun is kept.
        `admit`, when set, is asked first and raises for who may only read.
        """
        if self.admit is not None:
            self.admit()
        while (done := self._writer.offer(change)) is None:
            await asyncio.wrap_future(self._writer.room())
        return await asyncio.wrap_future(done)

    def close_now(self) -> None:
        """Commit what is queued, fold the WAL back into the file, and let go of the database."""
        with self._close_gate:
            if self._is_closed:
                return
            self._is_closed = True
            ended = self._writer.close()
            self._readers.shutdown(wait=True)
            self._reading_engine.dispose()  # first, so that the writer is the last and checkpoints
            if ended:
                self._fold_log()
                self.writing_engine.dispose()
                if self._on_closed is not None:
                    self._on_closed()
            atexit.unregister(self.close_now)

    def abandon(self) -> None:
        """Let go without marking the database as closed: the start failed."""
        self._on_closed = None
        self.close_now()

    def _fold_log(self) -> None:
        if self.backend != "sqlite" or self.read_only is not None:
            return
        try:
            raw = self.writing_engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()
        except Exception as error:  # noqa: BLE001  # boundary: the log is complete, the next start reads it
            _log.warning("the write-ahead log of %s was not folded back: %s", self.location, error)

    async def close(self) -> None:
        """Do close_now off the loop."""
        await asyncio.to_thread(self.close_now)


def masked_location(url: str) -> str:
    """Return host, port and name of a database server, without user and password."""
    made = make_url(url)
    host = made.host or str(made.query.get("host", "local socket"))
    return f"{host}{f':{made.port}' if made.port else ''}/{made.database or ''}"
