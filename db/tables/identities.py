"""llm_test_users: users that tests made or will make on a sign-in service."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class TestUserRow(SQLModel, table=True):
    """One such user; a row of kind e2e is written before its user is made and goes with it."""

    __tablename__ = "llm_test_users"
    __test__ = False  # the name begins with Test, but it is no test
    id: int | None = Field(default=None, sa_type=BigId, primary_key=True)
    kind: str = Field(max_length=20, index=True)  # mail, anonymous, e2e or other
    label: str | None = Field(default=None, max_length=100, index=True)
    email: str | None = Field(default=None, max_length=254, unique=True)
    username: str | None = Field(default=None, max_length=100)
    supabase_user_id: str | None = Field(default=None, max_length=100, index=True)
    password: str | None = Field(default=None)  # always NULL: secrets live in the secret store
    refresh_token: str | None = Field(default=None)  # always NULL
    meta_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_refreshed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
