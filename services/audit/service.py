"""Audit: read the log of changes."""

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import audit as queries
from db.tables.audit import AuditRow
from services.audit.books import Books
from services.audit.types import AuditEntry, AuditFilter, AuditPage
from services.foundation.actor import current_actor
from services.foundation.clock import Clock
from services.foundation.errors import NotFoundError
from services.foundation.signals import Signal
from services.foundation.storing import stored

PAGE_MAX = 500


class Audit:
    """The log, newest first."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep where the log is."""
        self._database = database
        self._clock = clock
        self.recorded: Signal[str] = Signal("audit.recorded")

    def follow(self, *books: Books) -> None:
        """Announce what is written through these books."""
        for one in dict.fromkeys(books):
            one.recorded.subscribe(self.recorded.emit)

    async def page(
        self, wanted: AuditFilter, *, limit: int = 100, before: int | None = None
    ) -> AuditPage:
        """Return a piece of the log; pass `next_before` for the next older one."""
        most = max(1, min(limit, PAGE_MAX))
        asked = queries.AuditWanted(
            wanted.kinds, wanted.actor, wanted.subject_id, wanted.text, wanted.start, wanted.end
        )
        rows = await stored(
            self._database.read(
                lambda session: queries.entries_page(session, asked, most + 1, before)
            )
        )
        more = rows[most - 1].id if len(rows) > most else None
        return AuditPage(tuple(to_entry(row) for row in rows[:most]), more)

    async def get(self, entry_id: int) -> AuditEntry:
        """Return one entry; raise NotFoundError."""
        try:
            row = await stored(
                self._database.read(lambda session: queries.find_entry(session, entry_id))
            )
        except RowNotFoundError:
            raise NotFoundError("There is no entry {id} in the log", id=entry_id) from None
        return to_entry(row)

    async def actors(self) -> list[str]:
        """Return who is named in the log."""
        return await stored(self._database.read(queries.actors))

    async def mark_undone(self, entry_id: int) -> AuditEntry:
        """Return the entry with who took it back now."""
        who, now = current_actor().name, self._clock.now()
        row = await stored(
            self._database.write(lambda session: queries.mark_undone(session, entry_id, who, now))
        )
        return to_entry(row)


def to_entry(row: AuditRow) -> AuditEntry:
    """Return the shape of a row."""
    return AuditEntry(
        id=row.id or 0,
        at=row.at,
        actor=row.actor,
        request_id=row.request_id,
        kind=row.kind,
        subject_id=row.subject_id,
        subject=row.subject,
        action=row.action,
        before=row.before_json,
        after=row.after_json,
        group_id=row.group_id,
        undone_by=row.undone_by,
        undone_at=row.undone_at,
    )
