"""End-to-end runs: launches (matrix columns), runs (one a user type), cells as rows, replies."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime

E2E_LAUNCHES, E2E_CELLS = "e2e_launches", "e2e_mapped_model_results"


class E2eLaunchRow(SQLModel, table=True):
    """One start of an E2E; its numbers are summed up when it ends."""

    __tablename__ = E2E_LAUNCHES
    __table_args__ = (
        Index("ix_e2e_launches_target", "target_id", "launch_no"),
        Index("ix_e2e_launches_target_time", "target_id", "started_at"),
        Index("ix_e2e_launches_slot", "slot_at"),
        {"sqlite_autoincrement": True},
    )
    launch_no: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    launch_id: str = Field(max_length=32, unique=True)
    execution_id: str = Field(max_length=40)
    target_id: int
    target: str = Field(default="", max_length=500)  # api_base
    trigger: str = Field(max_length=20)
    status: str = Field(max_length=20, index=True)
    is_partial: bool = False
    slot_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error_summary: str = Field(default="", max_length=200)
    cells: int = 0
    judged: int = 0
    good: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None


class E2eRunRow(SQLModel, table=True):
    """One user type's part of a launch; the columns of contract 16 and what we add."""

    __tablename__ = "e2e_mapped_model_runs"
    __table_args__ = (
        Index("ix_e2e_runs_target", "target_id", "user_type", "launch_no"),
        Index("ix_e2e_runs_created", "created_at"),
        {"sqlite_autoincrement": True},  # a real row never follows on demo rows
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    run_id: str = Field(max_length=32, unique=True)
    user_type: str = Field(max_length=20)
    auth_mode: str = Field(default="", max_length=20)
    prompt_text: str = Field(default="", sa_column=Column(Text, nullable=False))
    prompt_mode: str = Field(default="server", max_length=20)
    result_mode: str = Field(default="", max_length=20)
    models_total: int = 0
    models_success: int = 0
    models_failed: int = 0
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    duration_ms: int | None = None
    status: str = Field(max_length=20, index=True)
    error_summary: str = Field(default="", max_length=200)
    results_json: Any = Field(default=None, sa_type=Json, nullable=True)  # rows hold the results
    created_at: datetime = Field(sa_type=UtcDateTime)
    launch_id: str = Field(max_length=32)
    launch_no: int = Field(index=True, sa_type=BigId)
    trigger: str = Field(max_length=20)
    is_anonymous: bool | None = None
    target_id: int
    target: str = Field(default="", max_length=500)


class E2eCellRow(SQLModel, table=True):
    """One model asked by one user type in one launch.

    The first index covers the matrix: it is answered without touching the table. The second leads
    from a cell to the one before it.
    """

    __tablename__ = E2E_CELLS
    __table_args__ = (
        Index(
            "ix_e2e_results_matrix",
            "launch_no",
            "model_key",
            "user_type",
            "status_code",
            "latency_ms",
            unique=False,
        ),
        Index(
            "ix_e2e_results_history",
            "target_id",
            "model_key",
            "user_type",
            "launch_no",
            "status_code",
        ),
        {"sqlite_autoincrement": True},  # a real row never follows on demo rows
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    launch_no: int = Field(sa_type=BigId)
    run_id: str = Field(max_length=32)
    target_id: int
    user_type: str = Field(max_length=20)
    model_key: str = Field(max_length=300)
    status_code: str = Field(max_length=1)  # services.e2e.types.STATUS_CODES
    kind: str = Field(max_length=12)
    cause: str = Field(default="", max_length=12)
    success: bool = False
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = Field(default="", max_length=200)
    thinkingml_ok: bool | None = None
    thinkingml_reason: str = Field(default="", max_length=200)
    signin_ms: int | None = None
    accepted_ms: int | None = None
    first_event_ms: int | None = None
    ttft_ms: int | None = None
    latency_ms: int | None = None
    reply_len: int = 0
    result_mode_effective: str = Field(default="", max_length=40)
    provider: str = Field(default="", max_length=100)
    resolved_model: str = Field(default="", max_length=300)
    endpoint_id: int | None = None
    repaired: bool = False
    request_id: str = Field(default="", max_length=200)
    message_id: str = Field(default="", max_length=200)
    conversation_id: str = Field(default="", max_length=200)
    upstream_status: int | None = None
    is_demo: bool = False
    # strict_reasons, repairs, retries, checks, prompt, legs: shown, never searched
    details_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)


class E2eReplyRow(SQLModel, table=True):
    """The text a cell got, capped and redacted."""

    __tablename__ = "e2e_replies"
    cell_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    text: str = Field(sa_column=Column(Text, nullable=False))
    is_cut: bool = False
