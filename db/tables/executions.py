"""executions: one row for everything that ran or runs, whatever its kind."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class ExecutionRow(SQLModel, table=True):
    """One thing that ran or runs."""

    __tablename__ = "executions"
    __table_args__ = (
        Index("ix_executions_type", "execution_type", "id"),
        Index("ix_executions_agent", "agent_id", "id"),
        Index("ix_executions_status", "status", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_type=BigId, primary_key=True)  # pyright: ignore[reportArgumentType]
    execution_id: str = Field(max_length=40, unique=True)
    execution_type: str = Field(max_length=40)
    label: str = Field(max_length=200)
    status: str = Field(max_length=20)
    trigger: str = Field(max_length=20)
    started_by: str = Field(default="", max_length=200)
    agent_id: int | None = None
    task_id: int | None = None
    workflow_id: int | None = None
    test_input: str = Field(default="", max_length=5000)
    test_output: str = Field(default="", sa_column=Column(Text, nullable=False))
    error_kind: str = Field(default="", max_length=100)
    error_message: str = Field(default="", max_length=2000)
    done: int = 0
    total: int = 0
    meta: dict[str, Any] = Field(default_factory=dict, sa_type=Json, nullable=False)
    boot_id: str = Field(max_length=40)  # the process it runs in
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
