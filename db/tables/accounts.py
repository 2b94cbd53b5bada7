"""account_users and account_sessions: who can sign in here, and who has."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class AccountUserRow(SQLModel, table=True):
    """A user of the embedded sign-in; the password only as an argon2id hash."""

    __tablename__ = "account_users"
    id: str = Field(primary_key=True, max_length=36)
    email: str | None = Field(default=None, unique=True, max_length=255)  # lower case
    password_hash: str | None = Field(default=None, max_length=200)
    is_anonymous: bool = False
    email_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    banned_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    app_metadata: dict[str, Any] = Field(sa_type=Json, nullable=False)
    user_metadata: dict[str, Any] = Field(sa_type=Json, nullable=False)
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class AccountSessionRow(SQLModel, table=True):
    """One sign-in. No refresh token is stored: it is a counter sealed with a key outside."""

    __tablename__ = "account_sessions"
    id: str = Field(primary_key=True, max_length=36)
    user_id: str = Field(foreign_key="account_users.id", ondelete="CASCADE", index=True)
    method: str = Field(max_length=20)  # password or anonymous, for the amr claim
    refresh_count: int = 0  # only the refresh token with this number is fresh
    refreshed_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # a token was used twice
    created_at: datetime = Field(sa_type=UtcDateTime)
