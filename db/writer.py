"""The one writer: a thread that owns the only writing connection and commits in groups."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from db.connect import to_unavailable
from db.errors import DatabaseUnavailableError

_log = logging.getLogger(__name__)
GROUP_MAX = 500  # changes in one commit
QUEUE_MAX = 10_000  # changes waiting; then writers wait too


@dataclass(slots=True)
class _Job:
    change: Callable[[Session], Any]
    done: "Future[Any]"


class Writer:
    """Takes changes from any thread; a future is resolved only after its change is on disk."""

    def __init__(self, engine: Engine) -> None:
        """Start the thread."""
        self._engine = engine
        self._jobs: queue.Queue[_Job | None] = queue.Queue(QUEUE_MAX)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="db-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many changes wait for a commit now."""
        return self._jobs.qsize()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still works; a dead one is a fault the watchdog reports."""
        return self._thread.is_alive()

    def put(self, change: Callable[[Session], Any]) -> "Future[Any]":
        """Queue the change and return its future; blocks while the queue is full."""
        if self._closed:
            raise DatabaseUnavailableError("gone", "the database is closed")
        job = _Job(change, Future())
        # From here it cannot be withdrawn: a caller that is cancelled stops waiting, no more.
        job.done.set_running_or_notify_cancel()
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            ended = self._gather(group)
            self._commit(group)
            if ended:
                return

    def _gather(self, group: list[_Job]) -> bool:
        """Add what already waits to the group; return True when the end mark came."""
        while len(group) < GROUP_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            group.append(job)
        return False

    def _commit(self, group: list[_Job]) -> None:
        results: list[tuple[_Job, Any]] = []
        try:
            with Session(self._engine, expire_on_commit=False, autoflush=True) as session:
                for job in group:
                    self._apply(session, job, results)
                session.commit()
        except Exception as error:  # noqa: BLE001  # boundary: whatever the store says goes to those who wait
            refused = _as_unavailable(error)
            _log.error("a commit of %d changes failed: %s", len(group), refused)
            for job in group:
                if not job.done.done():
                    job.done.set_exception(refused)
            return
        for job, value in results:
            job.done.set_result(value)

    def _apply(self, session: Session, job: _Job, results: list[tuple[_Job, Any]]) -> None:
        """Run one change in a savepoint, so that its failure undoes nothing of the others."""
        savepoint = session.begin_nested()
        try:
            value = job.change(session)
            session.flush()
        except DBAPIError as error:
            if to_unavailable(error) is not None:
                raise
            savepoint.rollback()
            job.done.set_exception(error)
        except Exception as error:  # noqa: BLE001  # boundary: the change's own error belongs to its caller
            savepoint.rollback()
            job.done.set_exception(error)
        else:
            savepoint.commit()
            results.append((job, value))


def _as_unavailable(error: Exception) -> Exception:
    if isinstance(error, DBAPIError):
        return to_unavailable(error) or error
    return error
