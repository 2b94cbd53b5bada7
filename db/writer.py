"""The one writer: a thread that owns the only writing connection and commits in groups."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from db.connect import to_unavailable
from db.errors import DatabaseUnavailableError

_log = logging.getLogger(__name__)
GROUP_MAX = 500  # changes in one commit
QUEUE_MAX = 10_000  # changes waiting; then writers wait too
_CLOSE_S = 30.0
_STALE = {"io", "corrupt", "gone", "readonly"}  # after these a connection is not trusted again


@dataclass(slots=True)
class _Job:
    change: Callable[[Session], Any]
    done: "Future[Any]" = field(default_factory=Future[Any])


class ChangeSession(Session):
    """The session a change gets: it is committed with its group, never by the change itself."""

    def commit(self) -> NoReturn:
        """Refuse: a change that commits would publish half of its neighbours' work."""
        raise RuntimeError("the writer commits; use begin_nested() to undo a part of a change")

    def rollback(self) -> NoReturn:
        """Refuse: raise an exception to undo the change."""
        raise RuntimeError("raise an exception to undo a change")


class Writer:
    """Takes changes from any thread; a future is resolved only after its change is on disk."""

    def __init__(
        self,
        engine: Engine,
        *,
        check: Callable[[], None] | None = None,
        lock_attempts: int = 3,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        """Start the thread; `check` raises DatabaseUnavailableError when nothing may be written."""
        self._engine = engine
        self._check = check or (lambda: None)
        self._lock_attempts = lock_attempts
        self._queue_max = queue_max
        self._jobs: deque[_Job] = deque()
        self._waiters: deque[Future[None]] = deque()  # callers that wait for room
        self._gate = threading.Lock()
        self._work = threading.Condition(self._gate)
        self._closed = False
        self._fault = ""
        self._refusal = ""
        self.before_commit: Callable[[Session], None] | None = None  # in the group's transaction
        self._thread = threading.Thread(target=self._run, name="db-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many changes wait for a commit now."""
        return len(self._jobs)

    @property
    def is_alive(self) -> bool:
        """Whether the thread still works; a dead one is a fault the watchdog reports."""
        return self._thread.is_alive() and not self._fault

    @property
    def fault(self) -> str:
        """Why the thread ended by itself, or an empty text."""
        return self._fault

    @property
    def refusal(self) -> str:
        """The reason the last commit was refused for, empty since one succeeded."""
        return self._refusal

    def put(self, change: Callable[[Session], Any]) -> "Future[Any]":
        """Queue the change and return its future; blocks while the queue is full."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a change cannot wait for another change")
        while (done := self.offer(change)) is None:
            self.room().result()
        return done

    def offer(self, change: Callable[[Session], Any]) -> "Future[Any] | None":
        """Queue the change and return its future, or None when the queue is full."""
        with self._gate:
            if self._closed or self._fault:
                raise DatabaseUnavailableError("gone", self._fault or "the database is closed")
            if len(self._jobs) >= self._queue_max:
                return None
            job = _Job(change)
            self._jobs.append(job)
            self._work.notify()
            return job.done

    def room(self) -> "Future[None]":
        """Return a future resolved when the queue has room again, or is closed."""
        waiter: Future[None] = Future()
        with self._gate:
            if len(self._jobs) < self._queue_max or self._closed or self._fault:
                waiter.set_result(None)
            else:
                self._waiters.append(waiter)
        return waiter

    def close(self, timeout_s: float = _CLOSE_S) -> bool:
        """Finish what is queued and end the thread; return False when it did not end in time."""
        with self._gate:
            self._closed = True
            self._work.notify()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.error("the writer did not end in %.0f s; %d changes wait", timeout_s, self.waiting)
            self._refuse_rest("the database is closed")
            return False
        return True

    def _run(self) -> None:
        group: list[_Job] = []
        try:
            while group := self._next_group():
                self._commit(group)
        except BaseException as error:  # noqa: BLE001  # boundary: a dead writer must be seen
            self._fault = f"{type(error).__name__}: {error}"
            _log.critical("the database writer ended", exc_info=error)
            _give_up(group, self._fault)
            self._refuse_rest(self._fault)

    def _next_group(self) -> list[_Job]:
        """Wait for work; return what waits, up to a group, or nothing at the end."""
        while True:
            with self._gate:
                while not self._jobs and not self._closed:
                    self._work.wait()
                group = [self._jobs.popleft() for _ in range(min(GROUP_MAX, len(self._jobs)))]
                freed = len(group) if self._jobs else len(self._waiters)
                waiters = [self._waiters.popleft() for _ in range(min(freed, len(self._waiters)))]
            _resolve(waiters)
            # From here on a caller can no longer cancel: its change may be on its way to the disk.
            wanted = [job for job in group if job.done.set_running_or_notify_cancel()]
            if wanted or not group:
                return wanted

    def _refuse_rest(self, why: str) -> None:
        with self._gate:
            rest, waiters = list(self._jobs), list(self._waiters)
            self._jobs.clear()
            self._waiters.clear()
        _give_up([job for job in rest if job.done.set_running_or_notify_cancel()], why)
        _resolve(waiters)

    def _commit(self, group: list[_Job]) -> None:
        error = self._attempt(group)
        if error is None:
            return
        refused = _unavailable(error)
        full = refused is not None and refused.reason == "full"
        if full or (refused is None and len(group) > 1):
            # One change too big for the disk, or a constraint checked at the end: the others are
            # good. Each gets one more try of its own; nothing of the first try was kept.
            for job in [job for job in group if not job.done.done()]:
                if (alone := self._attempt([job])) is not None:
                    self._fail([job], alone)
        else:
            self._fail(group, error)

    def _fail(self, group: list[_Job], error: BaseException) -> None:
        refused = _unavailable(error)
        if refused is not None:
            self._refusal = refused.reason
            _log.error("a commit of %d changes failed: %s", len(group), refused)
            if refused.reason in _STALE:
                self._engine.dispose()
        for job in group:
            if not job.done.done():
                job.done.set_exception(refused or error)

    def _attempt(self, group: list[_Job]) -> BaseException | None:
        """Apply and commit the group; return None, or why nothing of it is on disk."""
        results: list[tuple[_Job, Any]] = []
        try:
            self._check()
            with ChangeSession(self._engine, expire_on_commit=False) as session:
                self._begin(session)
                for job in group:
                    self._apply(session, job, results, alone=len(group) == 1)
                if self.before_commit is not None:
                    self.before_commit(session)
                Session.commit(session)
            self._check()  # a file replaced meanwhile took this commit with it
        except BaseException as error:  # noqa: BLE001  # boundary: whatever it is goes to those who wait
            return error
        self._refusal = ""
        for job, value in results:
            job.done.set_result(value)
        return None

    def _begin(self, session: Session) -> None:
        """Take the write lock; another program's lock is waited out a few times."""
        for attempt in range(1, self._lock_attempts + 1):
            try:
                session.connection()
            except DBAPIError as error:
                refused = to_unavailable(error)
                last = attempt == self._lock_attempts or self._closed
                if last or refused is None or refused.reason != "locked":
                    raise
                Session.rollback(session)
            else:
                return

    def _apply(
        self, session: Session, job: _Job, results: list[tuple[_Job, Any]], *, alone: bool
    ) -> None:
        """Run one change in a savepoint, so that its failure undoes nothing of the others."""
        if alone:  # the transaction is the savepoint
            value = job.change(session)
            session.flush()
            results.append((job, value))
            return
        if job.done.done():
            return
        savepoint = session.begin_nested()
        try:
            value = job.change(session)
            session.flush()
        except BaseException as error:  # boundary: the change's own error belongs to its caller
            if _unavailable(error) is not None:
                raise
            savepoint.rollback()
            job.done.set_exception(error)
        else:
            savepoint.commit()
            results.append((job, value))
        session.expunge_all()  # the next change must see the rows, not its neighbour's objects


def _unavailable(error: BaseException) -> DatabaseUnavailableError | None:
    # SQLite ends the transaction of a full disk by itself; then the way back to a savepoint fails
    # too, and that error hides the first one: look behind it.
    for _ in range(8):
        if (refused := to_unavailable(error)) is not None:
            return refused
        if (behind := error.__cause__ or error.__context__) is None:
            return None
        error = behind
    return None


def _give_up(group: list[_Job], why: str) -> None:
    for job in group:
        if not job.done.done():
            job.done.set_exception(DatabaseUnavailableError("gone", why))


def _resolve(waiters: "list[Future[None]]") -> None:
    for waiter in waiters:
        if waiter.set_running_or_notify_cancel():
            waiter.set_result(None)
