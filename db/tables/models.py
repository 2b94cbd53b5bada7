"""Supplier endpoints and the list of blocked models."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class EndpointRow(SQLModel, table=True):
    """One supplier endpoint; api_key is always NULL, the value is in the secret store."""

    __tablename__ = "ai_endpoints"
    __table_args__ = (
        Index(
            "uq_ai_endpoints_default",
            "is_default",
            unique=True,
            sqlite_where=text("is_default = 1"),
            postgresql_where=text("is_default"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    supabase_id: int | None = Field(default=None, unique=True)
    name: str = Field(max_length=200, index=True)
    base_url: str = Field(max_length=500)
    provider_protocol: str = Field(default="openai", max_length=20)  # openai, claude, demo
    model: str = Field(default="", max_length=300)
    api_key: str | None = Field(default=None, max_length=500)
    description: str = Field(default="", sa_type=Text)
    timeout: int = 60  # seconds
    is_active: bool = True
    is_default: bool = False
    allows_local: bool = False  # calls may go to this machine and to private networks
    model_list: list[str] | None = Field(default=None, sa_type=Json, nullable=True)
    status: str = Field(default="unknown", max_length=12)  # unknown, online, offline, checking
    latency_ms: int | None = None
    last_checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    last_error: str | None = Field(default=None, sa_type=Text, nullable=True)
    sync_status: str = Field(default="unsynced", max_length=40)
    last_synced_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    resolved_endpoints: dict[str, str] | None = Field(default=None, sa_type=Json, nullable=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class BlockedModelRow(SQLModel, table=True):
    """A supplier model nobody is routed to."""

    __tablename__ = "blocked_models"
    name: str = Field(primary_key=True, max_length=300)
    created_at: datetime = Field(sa_type=UtcDateTime)
