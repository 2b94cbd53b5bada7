"""Read and keep schedules; claim slots, exactly one claim a slot."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from db.queries.upsert import insert_into
from db.tables.schedules import ScheduleRow, ScheduleSlotRow


def read_schedule(session: Session, schedule_id: str) -> ScheduleRow | None:
    """Return the schedule as last applied."""
    return session.get(ScheduleRow, schedule_id)


def write_schedule(session: Session, row: ScheduleRow) -> None:
    """Keep the schedule as applied now."""
    session.merge(row)


def claim_slot(session: Session, values: Mapping[str, Any]) -> bool:
    """Insert the slot and return True, or return False when somebody has it already."""
    statement = (
        insert_into(session, ScheduleSlotRow)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["schedule_id", "slot_at"])
        .returning(col(ScheduleSlotRow.id))  # rowcount says nothing on PostgreSQL
    )
    return session.connection().execute(statement).first() is not None


def note_missed(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert missed slots that nobody has; return how many were new."""
    return sum(claim_slot(session, row) for row in rows)


def settle_slot(
    session: Session,
    schedule_id: str,
    slot_at: datetime,
    claimed_by: str,
    values: Mapping[str, Any],
) -> bool:
    """Change a slot that this process claimed; return whether it was still its own."""
    statement = (
        update(ScheduleSlotRow)
        .where(col(ScheduleSlotRow.schedule_id) == schedule_id)
        .where(col(ScheduleSlotRow.slot_at) == slot_at)
        .where(col(ScheduleSlotRow.claimed_by) == claimed_by)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount == 1


def last_slot(session: Session, schedule_id: str, until: datetime) -> ScheduleSlotRow | None:
    """Return the latest slot of any state that is not after the given time."""
    query = (
        select(ScheduleSlotRow)
        .where(ScheduleSlotRow.schedule_id == schedule_id)
        .where(col(ScheduleSlotRow.slot_at) <= until)
        .order_by(col(ScheduleSlotRow.slot_at).desc())
        .limit(1)
    )
    return session.exec(query).first()


def recent_slots(
    session: Session, schedule_id: str, states: Iterable[str], limit: int
) -> list[ScheduleSlotRow]:
    """Return the latest slots in one of the states, newest first."""
    query = (
        select(ScheduleSlotRow)
        .where(ScheduleSlotRow.schedule_id == schedule_id)
        .where(col(ScheduleSlotRow.state).in_(list(states)))
        .order_by(col(ScheduleSlotRow.slot_at).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())


def take_over(
    session: Session, schedule_id: str, slot_at: datetime, old_claim: str, new_claim: str
) -> bool:
    """Claim a slot whose claimer died before it fired; return whether it was still unfired."""
    statement = (
        update(ScheduleSlotRow)
        .where(col(ScheduleSlotRow.schedule_id) == schedule_id)
        .where(col(ScheduleSlotRow.slot_at) == slot_at)
        .where(col(ScheduleSlotRow.claimed_by) == old_claim)
        .where(col(ScheduleSlotRow.execution_id) == "")
        .values(claimed_by=new_claim)
        .execution_options(synchronize_session=False)
    )
    return session.connection().execute(statement).rowcount == 1
