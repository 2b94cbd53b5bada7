"""executions: one row for everything that ran or runs; execution_events: its timeline."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime

_EMPTY = {"server_default": ""}
_ZERO = {"server_default": "0"}


class ExecutionRow(SQLModel, table=True):
    """One thing that ran or runs.

    The list is read newest first by number. Each filter has an index that ends with the number, so
    that any page is the head of a few index ranges, whatever the table holds (queries/execution_pages).
    """

    __tablename__ = "executions"
    __table_args__ = (
        Index("ix_executions_type", "execution_type", "status", "id"),
        Index("ix_executions_status", "status", "id"),
        Index("ix_executions_agent", "agent_id", "status", "id"),
        Index("ix_executions_workflow", "workflow_id", "status", "id"),
        Index("ix_executions_parent", "parent_id", "id"),
        Index("ix_executions_created", "created_at", "id"),
        Index("ix_executions_seq", "seq"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_type=BigId, primary_key=True)  # pyright: ignore[reportArgumentType]
    execution_id: str = Field(max_length=40, unique=True)
    execution_type: str = Field(max_length=40)
    label: str = Field(max_length=200)
    subject: str = Field(default="", max_length=200, sa_column_kwargs=_EMPTY)
    status: str = Field(max_length=20)
    trigger: str = Field(max_length=20)
    started_by: str = Field(default="", max_length=200)
    seq: int = Field(default=0, sa_type=BigId, sa_column_kwargs=_ZERO)  # of its newest change
    parent_id: int | None = Field(default=None, sa_type=BigId)
    again_of: int | None = Field(default=None, sa_type=BigId)
    agent_id: int | None = None
    task_id: int | None = None
    workflow_id: int | None = None
    error_kind: str = Field(default="", max_length=100)
    error_message: str = Field(default="", max_length=2000)
    done: int = 0
    total: int = 0
    timeout_s: float | None = None
    boot_id: str = Field(max_length=40)  # the process it runs in
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    output_size: int = Field(default=0, sa_type=BigId, sa_column_kwargs=_ZERO)  # characters
    meta: dict[str, Any] = Field(default_factory=dict, sa_type=Json, nullable=False)
    test_input: str = Field(default="", max_length=5000)
    test_output: str = Field(default="", sa_column=Column(Text, nullable=False))  # last: it is long


class ExecutionEventRow(SQLModel, table=True):
    """One line of an execution's timeline, never changed after it was written."""

    __tablename__ = "execution_events"
    __table_args__ = ({"sqlite_with_rowid": False},)  # a timeline lies together on disk
    execution_id: int = Field(sa_type=BigId, primary_key=True)  # the number, executions.id
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(max_length=40)
    text: str = Field(default="", max_length=500)  # English template for people
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json, nullable=False)
