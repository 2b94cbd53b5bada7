"""load_runs: the head of a load test; ai_prompt_tests: one row for every call that was made."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from db.columns import BigId, ForeignText, Json, UtcDateTime


class LoadRunRow(SQLModel, table=True):
    """One load test; its counts are those of the newest figures."""

    __tablename__ = "load_runs"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    run_id: str = Field(max_length=40, unique=True)  # of its execution
    status: str = Field(max_length=20, index=True)
    target_id: int
    target: str = Field(default="", max_length=500)
    plan: dict[str, Any] = Field(sa_type=Json, nullable=False)
    summary: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    stored: int = 0  # rows of ai_prompt_tests that were acknowledged
    error: str = Field(default="", max_length=500)
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    arrangement: str = Field(default="", max_length=20)
    baseline: bool = False  # other runs are measured against it
    parent_id: int | None = Field(default=None, sa_type=BigId, index=True)  # ExecutionRow.id
    timeline: list[Any] | None = Field(default=None, sa_type=Json, nullable=True)  # one list a span


class PromptTestRow(SQLModel, table=True):
    """One call: the columns of contract 16, then ours. run_no is None for a single dialog."""

    __tablename__ = "ai_prompt_tests"
    __table_args__ = (
        Index("ix_ai_prompt_tests_run", "run_no", "no", unique=True),
        Index(
            "uq_ai_prompt_tests_dialog",
            "dialog_id",
            unique=True,
            sqlite_where=text("dialog_id IS NOT NULL"),
            postgresql_where=text("dialog_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # a real row never follows on demo rows
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    prompt_id: int = 0  # 0: the server did not say
    endpoint_id: int = 0
    model: str = Field(max_length=300)
    request_message: str = Field(sa_column=Column(ForeignText, nullable=False))
    response_message: str | None = Field(default=None, sa_column=Column(ForeignText))
    success: bool = False
    latency_ms: int | None = None
    error: str = Field(default="", sa_column=Column(ForeignText, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    run_no: int | None = Field(default=None, sa_type=BigId)  # LoadRunRow.id
    no: int = 0  # within the run, from 1
    user_no: int = 0
    sample_class: str = Field(default="", max_length=20)
    at_ms: float = 0.0
    late_ms: float = 0.0
    status: int | None = None
    error_text: str = Field(default="", sa_column=Column(ForeignText, nullable=False))
    accepted_ms: float | None = None
    first_event_ms: float | None = None
    ttft_ms: float | None = None
    total_ms: float = 0.0
    gap_p95_ms: float | None = None
    gap_max_ms: float | None = None
    event_count: int = 0
    byte_count: int = 0
    request_id: str = Field(default="", sa_column=Column(ForeignText, nullable=False))
    message_id: str = Field(default="", sa_column=Column(ForeignText, nullable=False))
    # A single conversation's turn; all None for a call of a load test.
    dialog_id: str | None = Field(default=None, max_length=40)  # of its execution
    after_id: str | None = Field(default=None, max_length=40)  # dialog_id of the turn before
    turn: int | None = None  # from 1
    conversation_id: str | None = Field(default=None, max_length=200)
    identity: str | None = Field(default=None, max_length=20)
    user_id: str | None = Field(default=None, max_length=200)
    target_id: int | None = None
    target: str | None = Field(default=None, max_length=500)
    verdict: str | None = Field(default=None, max_length=20)  # status words of a cell, or running
    kind: str | None = Field(default=None, max_length=20)  # contract 14
    cause: str | None = Field(default=None, max_length=20)
    settings: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    verdicts: list[Any] | None = Field(default=None, sa_type=Json, nullable=True)  # one a check
    events: list[Any] | None = Field(default=None, sa_type=Json, nullable=True)  # capped
    facts: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
