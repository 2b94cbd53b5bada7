"""Ledger: every change of access and its entry in the audit log, in one transaction."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlmodel import Session

from db.engine import Database
from services.audit.books import Books, record
from services.audit.types import AuditKind
from services.foundation.actor import Actor, acting_as, current_actor
from services.foundation.clock import Clock
from services.foundation.storing import stored

T = TypeVar("T")
Facts = Mapping[str, Any]


class Ledger:
    """Writes; whether somebody may is asked before, by whoever calls it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep where to write."""
        self._database = database
        self._clock = clock
        self.books = Books(database, clock)

    async def write(
        self,
        change: Callable[[Session], T],
        subject: str,
        after: Facts,
        *,
        before: Facts | None = None,
        who: str = "",
    ) -> T:
        """Return the change's value once it and its entry are on disk; raise StoreError.

        `who` acts for themselves (signing in and out), whatever their role.
        """
        actor = Actor(who) if who else current_actor()
        at = self._clock.now()
        facts = {name: str(v) if isinstance(v, str) else v for name, v in after.items()}

        def write(session: Session) -> T:
            value = change(session)
            session.flush()
            record(session, AuditKind.ACCESS, subject, actor, at, after=facts, before=before)
            return value

        with acting_as(actor.name, actor.request_id):
            value = await stored(self._database.write(write))
        self.books.recorded.emit(AuditKind.ACCESS)
        return value
