"""Books: the door through which an operator's changes are written, so that each leaves its trace."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session

from db.engine import Database
from db.queries import audit as queries
from db.tables.audit import AuditRow
from services.audit.rules import RowChange, changes, shown
from services.audit.tables import WATCHED
from services.audit.types import AuditAction
from services.foundation.actor import Actor, current_actor
from services.foundation.clock import Clock
from services.foundation.ids import new_id
from services.foundation.signals import Signal

T = TypeVar("T")
Notes = Mapping[str, Any]


class Books:
    """Writes a change together with the entries that say what it changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep where to write."""
        self._database = database
        self._clock = clock
        self.recorded: Signal[str] = Signal("audit.recorded")

    async def write(
        self,
        kind: str,
        change: Callable[[Session], T],
        *,
        notes: Notes | None = None,
        secret: str = "",  # noqa: ARG002  # for books that carry it elsewhere
    ) -> T:
        """Return the change's value once it and its entries are on disk.

        `notes` tell what the table does not hold, such as that a key was replaced; `secret` is that
        key, and is never stored here.
        """
        value = await self._database.write(self.recording(kind, change, notes=notes))
        self.recorded.emit(kind)
        return value

    def recording(
        self, kind: str, change: Callable[[Session], T], *, notes: Notes | None = None
    ) -> Callable[[Session], T]:
        """Return the change with its entries, for a transaction of somebody else."""
        who, at = current_actor(), self._clock.now()

        def write(session: Session) -> T:
            value, _ = record_change(session, kind, change, who, at, notes)
            return value

        return write


def record_change(  # each is a fact of its own
    session: Session,
    kind: str,
    change: Callable[[Session], T],
    who: Actor,
    at: datetime,
    notes: Notes | None = None,
) -> tuple[T, list[RowChange]]:
    """Return the change's value and the rows it changed, after their entries were added."""
    watched = WATCHED[kind]
    before = watched.read(session)
    value = change(session)
    session.flush()
    after = watched.read(session)
    if notes:
        touched = str(getattr(value, "id", ""))
        after[touched] = {**after.get(touched, {}), **notes}
    found = list(changes(before, after))
    group_id = new_id("act")
    entries = [_entry(kind, one, who, at, group_id) for one in found]
    if entries:
        queries.add_entries(session, entries)
    return value, found


def record(  # noqa: PLR0913  # each is a fact of its own
    session: Session,
    kind: str,
    subject: str,
    who: Actor,
    at: datetime,
    *,
    after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry for an act the watched tables do not show, in the act's own transaction."""
    queries.add_entries(
        session,
        [
            AuditRow(
                at=at,
                actor=who.name,
                request_id=who.request_id,
                kind=kind,
                subject_id=subject[:320],
                subject=subject[:320],
                action=str(AuditAction.DONE if before is None else AuditAction.CHANGED),
                before_json=shown(before),
                after_json=shown(after),
            )
        ],
    )


def _entry(kind: str, change: RowChange, who: Actor, at: datetime, group_id: str) -> AuditRow:
    row = change.after or change.before or {}
    before, after = _differing(change)
    return AuditRow(
        at=at,
        actor=who.name,
        request_id=who.request_id,
        kind=kind,
        subject_id=change.key[:320],
        subject=WATCHED[kind].name(change.key, row)[:320],
        action=str(change.action),
        before_json=shown(_plain(before)),
        after_json=shown(_plain(after)),
        group_id=group_id,
    )


def _differing(change: RowChange) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Return both sides, of a changed row only what differs."""
    before, after = change.before, change.after
    if before is None or after is None:
        return before, after
    names = [
        name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)
    ]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
