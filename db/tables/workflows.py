"""workflows: ordered steps under a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class WorkflowRow(SQLModel, table=True):
    """One workflow; its runs are executions and stay when it is deleted."""

    __tablename__ = "workflows"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=80, unique=True)
    description: str = Field(default="", sa_type=Text)
    steps: list[Any] = Field(default_factory=list, sa_type=Json, nullable=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
