"""Database: the two doors read and write over SQLite or PostgreSQL."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from db.connect import READERS, build_engine, to_unavailable
from db.writer import Writer

T = TypeVar("T")


class Database:
    """Plain functions of a session go in, their values come out; the loop is never blocked."""

    def __init__(self, url: str) -> None:
        """Open engines and the writer thread; the schema must exist (see db.boot)."""
        self.url = url
        self.backend = make_url(url).get_backend_name()  # sqlite or postgresql
        self.writing_engine = build_engine(url, writes=True)
        self._reading_engine = build_engine(url, writes=False)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self._writer = Writer(self.writing_engine)

    @property
    def waiting_writes(self) -> int:
        """How many changes wait for a commit now."""
        return self._writer.waiting

    @property
    def is_writer_alive(self) -> bool:
        """Whether changes are still being taken to disk."""
        return self._writer.is_alive

    def read_now(self, query: Callable[[Session], T]) -> T:
        """Return the query's value, in the calling thread; raise DatabaseUnavailableError."""
        try:
            with Session(self._reading_engine, expire_on_commit=False) as session:
                return query(session)
        except DBAPIError as error:
            raise (to_unavailable(error) or error) from error

    def write_now(self, change: Callable[[Session], T]) -> T:
        """Return the change's value once it is on disk; blocks the calling thread."""
        return self._writer.put(change).result()

    async def read(self, query: Callable[[Session], T]) -> T:
        """Return the query's value; raise DatabaseUnavailableError when the store refuses."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self.read_now, query)

    async def write(self, change: Callable[[Session], T]) -> T:
        """Return the change's value after its commit is on disk; raise DatabaseUnavailableError.

        A cancelled caller stops waiting; the change itself may still be committed.
        """
        if self._writer.waiting < 9_000:
            return await asyncio.wrap_future(self._writer.put(change))
        loop = asyncio.get_running_loop()  # nearly full: wait for room off the loop
        future = await loop.run_in_executor(None, self._writer.put, change)
        return await asyncio.wrap_future(future)

    def close_now(self) -> None:
        """Commit what is queued, fold the WAL back into the file, and let go of the database."""
        self._writer.close()
        self._readers.shutdown(wait=True)
        if self.backend == "sqlite":
            with self.writing_engine.connect() as connection:
                raw = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # pyright: ignore[reportOptionalMemberAccess]
        self.writing_engine.dispose()
        self._reading_engine.dispose()

    async def close(self) -> None:
        """Do close_now off the loop."""
        await asyncio.to_thread(self.close_now)
