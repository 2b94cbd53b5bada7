"""Standing: one session of PostgreSQL that says this process lives, may lead, and hears the others."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from db.connect import APPLICATION_ID
from db.telling import CHANNEL, KEY_SPACE, LEADER_KEY, member_key

_log = logging.getLogger(__name__)
BEAT_S = 0.5
SILENCE_MS = 6_000  # the server ends a session that said nothing for so long, its locks with it
LEASE_S = 4.0  # how long a beat is believed here: less, so that nobody leads before we stopped
_CONNECT: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 3_000,
}
_SET = "SELECT set_config(%s, %s, false)"


@dataclass(frozen=True, slots=True)
class Beat:
    """One answer of the server."""

    leads_until: float  # monotonic seconds, 0 when this process does not lead
    is_first: bool  # of this session: what was said before it was not heard


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told, from the thread."""

    beat: Callable[[Beat], None]
    news: Callable[[str], None]
    lost: Callable[[str], None]


class Standing:
    """A thread with a session of its own; it connects again by itself until it is stopped."""

    def __init__(self, url: str, boot_id: str, name: str, ears: Ears, *, may_lead: bool) -> None:
        """Nothing is connected before start(); `name` is how the server lists the session."""
        self._conninfo = (
            make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        )
        self._name = f"{name} {boot_id}"[:60]
        self._key = member_key(boot_id)
        self._ears = ears
        self._may_lead = may_lead
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="db-standing", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Give up every lock; blocks until the session has ended, some seconds at most."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(8.0)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                # Plain psycopg: a pool would hand the session to others and reset its locks.
                with psycopg.connect(
                    self._conninfo, autocommit=True, application_name=self._name, **_CONNECT
                ) as session:
                    self._serve(session)
            except Exception as error:  # noqa: BLE001  # boundary: the thread must outlive the server
                self._ears.lost(str(error).strip().partition("\n")[0] or type(error).__name__)
                self._over.wait(BEAT_S)

    def _serve(self, session: "psycopg.Connection[Any]") -> None:
        self._join(session)
        leads, is_first = False, True
        while not self._over.is_set():
            sent_at = time.monotonic()
            if self._may_lead and not leads:
                leads = _lock(session, "SELECT pg_try_advisory_lock(%s, %s)", LEADER_KEY)
            else:
                session.execute("SELECT 1")
            self._ears.beat(Beat(sent_at + LEASE_S if leads else 0.0, is_first))
            is_first = False
            for notice in session.notifies(timeout=BEAT_S):
                self._ears.news(notice.payload)

    def _join(self, session: "psycopg.Connection[Any]") -> None:
        """Say that this process lives; raise when its former session is not over yet."""
        try:
            session.execute(_SET, ("idle_session_timeout", str(SILENCE_MS)))
        except psycopg.errors.UndefinedObject:  # before PostgreSQL 14
            _log.warning(
                "this PostgreSQL cannot end silent sessions: a stalled leader stays leader"
            )
        session.execute(_SET, ("statement_timeout", "3000"))
        present = session.execute("SELECT pg_try_advisory_lock_shared(%s)", (APPLICATION_ID,))
        if not (row := present.fetchone()) or not row[0]:
            raise psycopg.OperationalError("another console is changing the tables")
        if not _lock(session, "SELECT pg_try_advisory_lock(%s, %s)", self._key):
            raise psycopg.OperationalError("the former session of this console is not over yet")
        session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))


def _lock(session: "psycopg.Connection[Any]", statement: LiteralString, key: int) -> bool:
    row = session.execute(statement, (KEY_SPACE, key)).fetchone()
    return bool(row and row[0])
