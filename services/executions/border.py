"""Border: what a store that several consoles share lets in, and what a dead one of them left."""

from collections.abc import Collection

from sqlmodel import Session

from db.queries import consoles
from db.queries import executions as queries
from db.tables.executions import ExecutionRow
from services.executions import rules
from services.executions.types import Trigger
from services.foundation.errors import ConflictError


class Border:
    """What the store is asked before a new execution is stored beside those of other consoles."""

    def __init__(self, boot_id: str) -> None:
        """Remember who asks."""
        self._boot_id = boot_id

    def check(self, session: Session, row: ExecutionRow, *, is_exclusive: bool) -> None:
        """Raise ConflictError when another console runs the kind, or leads and starts it itself.

        Changes of all consoles come one after the other, so nothing moves between this look and
        the insert. A leader that stalled and was followed by another is refused here.
        """
        if not consoles.is_shared(session):
            return
        if is_exclusive:
            for other in queries.open_rows(
                session, self._boot_id, rules.OPEN, kind=row.execution_type
            ):
                if consoles.live_boots(session, [other.boot_id]):
                    raise ConflictError(
                        "{label} is running already",
                        existing_id=other.execution_id,
                        label=row.label,
                    )
        is_own_doing = row.trigger == Trigger.SCHEDULE and row.parent_id is None
        if is_own_doing and consoles.another_leads(session, self._boot_id):
            raise ConflictError("Another console leads now and starts this itself")


def left_over(session: Session, boot_id: str, spared: Collection[str]) -> list[int]:
    """Return the numbers of rows still open whose console does not live any more."""
    found = queries.left_over(session, boot_id, rules.OPEN)
    alive = consoles.live_boots(session, {owner for _, owner in found}) | set(spared)
    return [number for number, owner in found if owner not in alive]
