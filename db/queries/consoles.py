"""Which consoles live on the same PostgreSQL, and who leads; with SQLite nobody else can be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from db.telling import KEY_SPACE, LEADER_KEY, member_key

_HELD = (
    "FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted"
    f" AND l.classid = {KEY_SPACE}"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_MEMBERS = text(f"SELECT l.objid::bigint {_HELD} AND l.objid <> {LEADER_KEY}")  # own numbers
_OTHER_LEADS = text(
    f"SELECT 1 {_HELD} AND l.objid = {LEADER_KEY}"  # own numbers
    f" AND l.pid NOT IN (SELECT l.pid {_HELD} AND l.objid = :key)"
)
_LIST = text(
    "SELECT a.application_name, a.backend_start, EXISTS ("
    f"SELECT 1 {_HELD} AND l.objid = {LEADER_KEY} AND l.pid = a.pid) AS leads"  # own numbers
    f" FROM pg_stat_activity a WHERE a.pid IN (SELECT l.pid {_HELD} AND l.objid <> {LEADER_KEY})"
    " ORDER BY a.backend_start"
)


@dataclass(frozen=True, slots=True)
class ConsoleSeen:
    """One console as the server lists it."""

    address: str
    boot_id: str
    since: datetime  # of its present session
    leads: bool


def is_shared(session: Session) -> bool:
    """Return whether other consoles can be on the same store."""
    return session.get_bind().dialect.name == "postgresql"


def live_boots(session: Session, boot_ids: Iterable[str]) -> frozenset[str]:
    """Return those starts of a console that live now; none with SQLite, whose one process asks."""
    wanted = set(boot_ids) - {""}
    if not wanted or not is_shared(session):
        return frozenset()
    held = set(session.connection().execute(_MEMBERS).scalars())
    return frozenset(boot_id for boot_id in wanted if member_key(boot_id) in held)


def another_leads(session: Session, boot_id: str) -> bool:
    """Return whether at this moment, as the server sees it, another start of a console leads."""
    if not is_shared(session):
        return False
    found = session.connection().execute(_OTHER_LEADS, {"key": member_key(boot_id)})
    return found.first() is not None


def consoles(session: Session) -> list[ConsoleSeen]:
    """Return every console that lives now, the oldest session first; none with SQLite."""
    if not is_shared(session):
        return []
    found: list[ConsoleSeen] = []
    for name, since, is_leading in session.connection().execute(_LIST):
        address, _, boot_id = str(name or "").rpartition(" ")
        found.append(ConsoleSeen(address, boot_id, since, is_leading))
    return found
