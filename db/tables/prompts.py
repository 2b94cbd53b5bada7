"""Prompts (the heads) and their immutable versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class PromptRow(SQLModel, table=True):
    """The head of a prompt; at most one of each type is active.

    It shows the version that is live while the prompt is active, else the newest one.
    """

    __tablename__ = "ai_prompts"
    __table_args__ = (
        Index(
            "uq_ai_prompts_active",
            "prompt_type",
            unique=True,
            sqlite_where=text("is_active = 1"),
            postgresql_where=text("is_active"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    supabase_id: int | None = Field(default=None, unique=True)
    name: str = Field(max_length=200, index=True)
    content: str = Field(sa_type=Text)
    version: str = Field(default="", max_length=50)  # the operator's free text
    version_no: int = 1  # of the version this row shows
    newest_no: int = 1  # of the newest row in prompt_versions; higher: a draft waits
    category: str = Field(default="", max_length=100)
    description: str = Field(default="", sa_type=Text)
    tools_json: Any = Field(default=None, sa_type=Json, nullable=True)
    prompt_type: str = Field(max_length=30)
    is_active: bool = False
    live_since: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    last_synced_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)


class PromptVersionRow(SQLModel, table=True):
    """One version of a prompt; never changed, never removed before its prompt."""

    __tablename__ = "prompt_versions"
    __table_args__ = (UniqueConstraint("prompt_id", "version_no"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    prompt_id: int = Field(foreign_key="ai_prompts.id", index=True, ondelete="CASCADE")
    version_no: int
    content: str = Field(sa_type=Text)
    tools_json: Any = Field(default=None, sa_type=Json, nullable=True)
    prompt_type: str = Field(default="", max_length=30)
    message: str = Field(default="", max_length=500)  # what changed, in the author's words
    parent_no: int | None = None  # the newest version when this one was written
    restored_from: int | None = None  # the version whose text this one brought back
    sha256: str = Field(default="", max_length=64)  # of text and tools
    created_by: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
