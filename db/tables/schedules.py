"""schedules: the rule a schedule stands on; schedule_slots: each due time and what became of it."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from db.columns import BigId, UtcDateTime


class ScheduleRow(SQLModel, table=True):
    """One schedule as last applied; derived from the configuration, kept to notice its changes."""

    __tablename__ = "schedules"
    id: str = Field(primary_key=True, max_length=40)  # e2e
    rule: str = Field(max_length=40)  # every:6 or daily:05:00
    zone: str = Field(max_length=100)
    is_enabled: bool
    anchor_at: datetime = Field(sa_type=UtcDateTime)  # slots are counted from here at the earliest
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ScheduleSlotRow(SQLModel, table=True):
    """One due time; whoever inserts it may fire it, so it fires once."""

    __tablename__ = "schedule_slots"
    __table_args__ = (UniqueConstraint("schedule_id", "slot_at"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    schedule_id: str = Field(max_length=40)
    slot_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(max_length=12)  # fired, made_up, missed, skipped
    noted_at: datetime = Field(sa_type=UtcDateTime)
    execution_id: str = Field(default="", max_length=40)
    claimed_by: str = Field(default="", max_length=40)  # the start of the process that fires it
