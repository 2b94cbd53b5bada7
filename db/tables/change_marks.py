"""When a prompt, a mapping or the default endpoint changed: the marks between matrix columns."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.columns import BigId, UtcDateTime


class ChangeMarkRow(SQLModel, table=True):
    """One change, written in the same transaction as the change itself."""

    __tablename__ = "change_marks"
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    kind: str = Field(max_length=12)  # prompt, mapping or default
    subject: str = Field(max_length=300)
    detail: str = Field(default="", max_length=500)
