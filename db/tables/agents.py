"""agents: a model key, a prompt version and settings under a name."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime


class AgentRow(SQLModel, table=True):
    """One agent; its tests are executions and stay when it is deleted."""

    __tablename__ = "agents"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=80, unique=True)
    description: str = Field(default="", sa_type=Text)
    model_key: str = Field(max_length=300)
    prompt_id: int | None = None  # None: the active prompts
    prompt_version_no: int | None = None  # None: the newest of that prompt
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: int
    uses_tools: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
