"""Mappings from business keys and scopes to supplier models."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class ModelMappingRow(SQLModel, table=True):
    """One mapping; its id is `scope:key`."""

    __tablename__ = "llm_model_mappings"
    id: str = Field(primary_key=True, max_length=300)
    scope_type: str = Field(max_length=20)
    scope_key: str = Field(max_length=270)
    name: str = Field(default="", max_length=300)
    default_model: str = Field(default="", max_length=300)
    candidates_json: list[str] = Field(sa_type=Json, nullable=False)
    is_active: bool = True
    source: str = Field(default="local", max_length=40)
    metadata_json: dict[str, Any] = Field(sa_type=Json, nullable=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
