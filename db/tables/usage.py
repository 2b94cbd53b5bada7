"""Who used what: activity per user and day, calls per user, model and day or minute, daily quota."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.columns import BigId, UtcDateTime


class UserActivityRow(SQLModel, table=True):
    """One row a user and UTC day."""

    __tablename__ = "user_activity_stats"
    __table_args__ = (
        UniqueConstraint("user_id", "activity_date"),
        Index("ix_user_activity_stats_last", "last_request_at"),
        Index("ix_user_activity_stats_origin", "origin", "activity_date"),
        {"sqlite_autoincrement": True},  # a real row never follows on demo rows
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    user_id: str = Field(max_length=200)
    user_type: str = Field(max_length=20)
    is_test: bool = False  # made by E2E or a console account: not a daily active
    origin: str = Field(default="app", max_length=10)  # app, console, e2e or test
    activity_date: date
    request_count: int = 0
    quarters_am: int = Field(
        default=0, sa_type=BigId
    )  # one bit a quarter of an hour with a request
    quarters_pm: int = Field(default=0, sa_type=BigId)  # from 12:00 UTC on
    first_request_at: datetime = Field(sa_type=UtcDateTime)
    last_request_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class AiRequestStatsRow(SQLModel, table=True):
    """One row a user, endpoint (0 in endpoint_key: none), model key and UTC day."""

    __tablename__ = "ai_request_stats"
    __table_args__ = (
        UniqueConstraint("user_id", "endpoint_key", "model", "request_date"),
        Index("ix_ai_request_stats_date", "request_date"),
        {"sqlite_autoincrement": True},  # a real row never follows on demo rows
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    user_id: str = Field(max_length=200)
    endpoint_id: int | None = None
    endpoint_key: int = 0  # endpoint_id or 0: NULLs would never be equal in the unique constraint
    model: str = Field(max_length=300)
    request_date: date
    count: int = 0
    total_latency_ms: int = Field(default=0, sa_type=BigId)
    success_count: int = 0
    error_count: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class AiRequestMinuteRow(SQLModel, table=True):
    """The same calls by minute: the rows that figures of a window were counted from."""

    __tablename__ = "ai_request_minutes"
    __table_args__ = (
        UniqueConstraint("minute_at", "user_id", "endpoint_key", "model"),
        {"sqlite_autoincrement": True},  # a real row never follows on demo rows
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    minute_at: datetime = Field(sa_type=UtcDateTime)  # seconds are 0
    user_id: str = Field(max_length=200)
    user_type: str = Field(max_length=20)
    is_test: bool = False
    origin: str = Field(default="app", max_length=10)
    endpoint_key: int = 0  # endpoint id or 0
    model: str = Field(max_length=300)
    count: int = 0
    success_count: int = 0
    error_count: int = 0
    total_latency_ms: int = Field(default=0, sa_type=BigId)
    prompt_tokens: int = Field(default=0, sa_type=BigId)
    completion_tokens: int = Field(default=0, sa_type=BigId)
    total_tokens: int = Field(default=0, sa_type=BigId)


class ModelDailyUsageRow(SQLModel, table=True):
    """What a user used of a key family's daily quota; model_key is the family."""

    __tablename__ = "ai_model_daily_usage"
    __table_args__ = (UniqueConstraint("user_id", "model_key", "usage_date"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    user_id: str = Field(max_length=200)
    model_key: str = Field(max_length=100)
    usage_date: date
    count: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
