"""access_accounts, access_sessions, access_tokens: who may use the console; no secret, only hashes."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.columns import BigId, UtcDateTime


class AccessAccountRow(SQLModel, table=True):
    """Somebody who signs in on the pages; the password only as an argon2id hash."""

    __tablename__ = "access_accounts"
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(unique=True, max_length=40)  # lower case
    role: str = Field(max_length=20)  # operator or read_only
    password_hash: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    password_changed_at: datetime = Field(sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)


class AccessSessionRow(SQLModel, table=True):
    """One sign-in; the cookie's value is stored as its SHA-256 alone."""

    __tablename__ = "access_sessions"
    id: str = Field(primary_key=True, max_length=64)
    account_id: int = Field(foreign_key="access_accounts.id", ondelete="CASCADE", index=True)
    address: str = Field(max_length=64)
    agent: str = Field(default="", max_length=300)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)


class AccessTokenRow(SQLModel, table=True):
    """A token for programs; shown once, stored as its SHA-256."""

    __tablename__ = "access_tokens"
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=80)
    prefix: str = Field(max_length=20)  # what may be shown of it
    token_hash: str = Field(unique=True, max_length=64)
    kind: str = Field(max_length=20)  # full or read_only
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
