"""Write, take and settle pushes that wait."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from db.errors import RowNotFoundError
from db.queries.config import merge_config, read_config
from db.tables.outbox import OutboxRow

HELD = "outbox_held"  # a key of the console's own row of settings


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How many rows are in each state, and since when the oldest waits."""

    by_state: Mapping[str, int]
    oldest_at: datetime | None = None


def put(
    session: Session, kind: str, key: str, values: Mapping[str, Any], now: datetime
) -> OutboxRow:
    """Return the row with the newest wish for that thing; an older one is replaced in place."""
    statement = select(OutboxRow).where(col(OutboxRow.kind) == kind, col(OutboxRow.key) == key)
    row = session.exec(statement).first()
    if row is None:
        row = OutboxRow(kind=kind, key=key, created_at=now, updated_at=now, **values)
    else:
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.attempts = 0
        row.updated_at = now
    session.add(row)
    session.flush()
    return row


def next_rows(
    session: Session, kind: str, limit: int, skip: Collection[int] = ()
) -> list[OutboxRow]:
    """Return the oldest waiting rows of a kind."""
    row = OutboxRow
    statement = (
        select(row)
        .where(col(row.state) == "waiting", col(row.kind) == kind)
        .order_by(col(row.id))
        .limit(limit + len(skip))
    )
    found = [one for one in session.exec(statement).all() if one.id not in skip]
    return found[:limit]


def all_rows(session: Session, limit: int) -> list[OutboxRow]:
    """Return the oldest rows in any state."""
    return list(session.exec(select(OutboxRow).order_by(col(OutboxRow.id)).limit(limit)).all())


def find_row(session: Session, row_id: int) -> OutboxRow:
    """Return the row; raise RowNotFoundError."""
    row = session.get(OutboxRow, row_id)
    if row is None:
        raise RowNotFoundError(f"outbox {row_id}")
    return row


def row_of(session: Session, kind: str, key: str) -> OutboxRow | None:
    """Return what waits for that thing, or None."""
    statement = select(OutboxRow).where(col(OutboxRow.kind) == kind, col(OutboxRow.key) == key)
    return session.exec(statement).first()


def take_away(session: Session, row_id: int, version: int | None = None) -> bool:
    """Return whether the row went; one with a newer wish stays."""
    row = session.get(OutboxRow, row_id)
    if row is None or (version is not None and row.version != version):
        return False
    session.delete(row)
    session.flush()
    return True


def drop(session: Session, kind: str, key: str) -> None:
    """Forget what waits for that thing."""
    statement = delete(OutboxRow).where(col(OutboxRow.kind) == kind, col(OutboxRow.key) == key)
    session.exec(statement, execution_options={"synchronize_session": False})


def drop_all(session: Session, kind: str, keys: Collection[str]) -> None:
    """Do drop() for many things; nothing is asked when nothing of the kind waits."""
    waiting = set(session.exec(select(OutboxRow.key).where(col(OutboxRow.kind) == kind)).all())
    for key in waiting.intersection(keys):
        drop(session, kind, key)


def set_state(
    session: Session, row_id: int, version: int, state: str, reason: Mapping[str, Any] | None
) -> None:
    """Keep how a push ended; nothing happens when something newer came in between."""
    row = session.get(OutboxRow, row_id)
    if row is None or row.version != version:
        return
    row.state = state
    row.reason_json = None if reason is None else dict(reason)
    session.add(row)


def add_attempt(
    session: Session, row_id: int, version: int, most: int, reason: Mapping[str, Any]
) -> None:
    """Count a refusal; the last one leaves the row dead, its reason on screen."""
    row = session.get(OutboxRow, row_id)
    if row is None or row.version != version:
        return
    row.attempts += 1
    row.reason_json = dict(reason)
    if row.attempts >= most:
        row.state = "dead"
    session.add(row)


def revive(session: Session, row_id: int, now: datetime) -> OutboxRow:
    """Return the row, waiting again with no refusal counted; raise RowNotFoundError."""
    row = find_row(session, row_id)
    row.state, row.attempts, row.reason_json, row.updated_at = "waiting", 0, None, now
    session.add(row)
    return row


def counts(session: Session) -> OutboxCounts:
    """Return the numbers of the outbox."""
    row = OutboxRow
    statement = select(row.state, func.count()).group_by(row.state)
    by_state = {state: int(number) for state, number in session.exec(statement).all()}
    oldest = session.exec(select(func.min(row.created_at))).one()
    return OutboxCounts(by_state, oldest)


def hold(session: Session, why: str, now: datetime) -> int:
    """Note that nothing is pushed before somebody looked; return how many rows wait.

    Without a row there is nothing to look at, and nothing is noted.
    """
    waiting = int(session.exec(select(func.count()).select_from(OutboxRow)).one())
    if waiting:
        merge_config(session, {HELD: {"why": why, "since": now.isoformat()}}, now)
    return waiting


def held_by(session: Session) -> str:
    """Return why nothing is pushed, an empty text when pushing goes on."""
    row = read_config(session)
    found: Mapping[str, Any] = (row.config_json.get(HELD) or {}) if row is not None else {}
    return str(found.get("why") or "")


def let_go(session: Session, now: datetime) -> None:
    """Let pushing go on."""
    merge_config(session, {HELD: None}, now)
