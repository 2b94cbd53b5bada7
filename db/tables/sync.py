"""sync_links and sync_staging: what both sides agreed on, and what was read before it is applied."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class SyncLinkRow(SQLModel, table=True):
    """A local row, its remote twin, and the content both had when they last agreed."""

    __tablename__ = "sync_links"
    kind: str = Field(primary_key=True, max_length=20)
    local_key: str = Field(primary_key=True, max_length=320)
    remote_key: str = Field(max_length=320, index=True)
    base_json: dict[str, Any] = Field(sa_type=Json, nullable=False)
    synced_at: datetime = Field(sa_type=UtcDateTime)


class SyncStagingRow(SQLModel, table=True):
    """One remote row as it was read last; nothing uses it but a preview and its apply."""

    __tablename__ = "sync_staging"
    kind: str = Field(primary_key=True, max_length=20)
    remote_key: str = Field(primary_key=True, max_length=320)
    position: int
    row_json: dict[str, Any] = Field(sa_type=Json, nullable=False)
    staged_at: datetime = Field(sa_type=UtcDateTime)
