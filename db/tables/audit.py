"""audit_log: who changed what, before and after; rows are never changed but for the mark of an undo."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class AuditRow(SQLModel, table=True):
    """One thing that was changed, written in the same transaction as the change."""

    __tablename__ = "audit_log"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a real row never follows on demo rows
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    actor: str = Field(max_length=200)
    request_id: str = Field(default="", max_length=64)
    kind: str = Field(max_length=20, index=True)  # model, mapping, prompt, settings, target …
    subject_id: str = Field(max_length=320, index=True)
    subject: str = Field(default="", max_length=320)  # its name when it was changed
    action: str = Field(max_length=20)  # created, changed, deleted, or a word of the kind
    before_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    after_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    group_id: str = Field(default="", max_length=40)  # what one act changed together
    undone_by: str = Field(default="", max_length=200)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
