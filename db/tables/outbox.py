"""outbox: what must still be written to Supabase, one row a thing, its newest wish only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class OutboxRow(SQLModel, table=True):
    """A push that waits; it goes when the push was made and nothing newer came in between."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("kind", "key"), Index("ix_outbox_state_id", "state", "id"))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str = Field(max_length=20)
    key: str = Field(max_length=320)
    title: str = Field(default="", max_length=320)
    op: str = Field(max_length=10)  # save or delete
    payload_json: dict[str, Any] = Field(sa_type=Json, nullable=False)
    version: int = 1  # grows with each newer wish
    state: str = Field(default="waiting", max_length=10)  # waiting, conflict, dead
    attempts: int = 0  # refused so far; a server that is down is no refusal
    reason_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
