"""Telling: each transaction says on its commit which tables it changed, to whoever listens."""

import json
import zlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session

CHANNEL = "gymbro_console"
KEY_SPACE = 0x47_42_52_43  # "GBRC": the first half of every advisory lock between consoles
LEADER_KEY = 1  # held by whoever leads
_SAID = "gymbro_said"  # key in a session's info
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")


def member_key(boot_id: str) -> int:
    """Return the number of the lock that a start of the process holds while it lives."""
    return (zlib.crc32(boot_id.encode()) & 0x7FFF_FFFF) | 0x2  # never LEADER_KEY


class Telling:
    """Gathers what a transaction touches; the server passes it on after the commit, or never."""

    def __init__(self, engine: Engine, boot_id: str, watched: Collection[str]) -> None:
        """Watch the writing engine of PostgreSQL; tables that are not watched are not told of."""
        self._boot_id = boot_id
        self._watched = frozenset(watched)
        self._touched: set[str] = set()
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "after_execute", self._executed)

    def _begin(self, _connection: Connection) -> None:
        self._touched.clear()

    def _executed(self, _connection: Connection, statement: Any, *_rest: object) -> None:
        if isinstance(statement, UpdateBase):
            name = str(getattr(statement.table, "name", ""))
            if name in self._watched:
                self._touched.add(name)

    def before_commit(self, session: Session) -> None:
        """Add the notice to the transaction: names of tables and ids, never a value."""
        said: list[dict[str, str]] = session.info.pop(_SAID, [])
        if not self._touched and not said:
            return
        notice = {"by": self._boot_id, "of": sorted(self._touched), "said": said}
        values = {"channel": CHANNEL, "payload": json.dumps(notice)}
        session.connection().execute(_NOTIFY, values)


def tell(session: Session, **words: str) -> None:
    """Let the transaction say something to the other consoles; ids and kinds only."""
    session.info.setdefault(_SAID, []).append({k: v[:200] for k, v in words.items()})
