"""Roll-ups of calls by minute, hour and day, who was seen last when, and one row of figures a day."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class UsageRollupRow(SQLModel, table=True):
    """Calls of one origin in one minute, hour or day (UTC), of one model key or of all together."""

    __tablename__ = "usage_rollups"
    __table_args__ = (
        Index("ix_usage_rollups_grain_start", "grain", "start_at"),
        {"sqlite_with_rowid": False},
    )
    grain: str = Field(primary_key=True, max_length=6)  # minute, hour or day
    model: str = Field(primary_key=True, max_length=300)  # empty: all models
    start_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    origin: str = Field(primary_key=True, max_length=10)  # app, console, e2e or test
    count: int = 0
    success_count: int = 0
    total_latency_ms: int = Field(default=0, sa_type=BigId)
    prompt_tokens: int = Field(default=0, sa_type=BigId)
    completion_tokens: int = Field(default=0, sa_type=BigId)
    total_tokens: int = Field(default=0, sa_type=BigId)
    reported_count: int = 0  # calls whose supplier said how many tokens it took
    latency_json: dict[str, int] = Field(default_factory=dict, sa_type=Json)  # bucket to calls


class LastSeenRow(SQLModel, table=True):
    """When a user asked last, of a model key or at all: who is active in a window that ends now."""

    __tablename__ = "user_last_seen"
    __table_args__ = (
        Index("ix_user_last_seen_when", "model", "origin", "last_at"),
        {"sqlite_with_rowid": False},
    )
    model: str = Field(primary_key=True, max_length=300)  # empty: whatever it was
    origin: str = Field(primary_key=True, max_length=10)
    user_id: str = Field(primary_key=True, max_length=200)
    last_at: datetime = Field(sa_type=UtcDateTime)


class DashboardStatsRow(SQLModel, table=True):
    """The figures of one day of the operator's zone; pushed to the table of that name in Supabase."""

    __tablename__ = "dashboard_stats"
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    stat_date: date = Field(unique=True)
    daily_active_users: int = 0
    ai_request_count: int = 0
    token_usage: int = Field(default=0, sa_type=BigId)
    api_connectivity_rate: float = 0.0  # mean of the looks of that day, in percent
    jwt_availability_rate: float = 0.0
    connectivity_looks: int = 0  # how many looks the mean is of
    jwt_looks: int = 0
    zone: str = Field(default="UTC", max_length=64)  # whose day it is
    updated_at: datetime = Field(sa_type=UtcDateTime)
    pushed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
