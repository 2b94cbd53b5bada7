"""dashboard_config (one row) and llm_app_settings (one row a key)."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class DashboardConfigRow(SQLModel, table=True):
    """What an operator changes on the pages; one row, id 1."""

    __tablename__ = "dashboard_config"
    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    config_json: dict[str, Any] = Field(sa_type=Json, nullable=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class AppSettingRow(SQLModel, table=True):
    """One setting of the gateway, or one small fact the console remembers."""

    __tablename__ = "llm_app_settings"
    key: str = Field(primary_key=True, max_length=100)
    value_json: Any = Field(sa_type=Json, nullable=True, default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
