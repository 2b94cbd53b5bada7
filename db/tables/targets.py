"""targets: the services under test; a deleted one stays for the sake of its history."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.columns import BigId, UtcDateTime


class TargetRow(SQLModel, table=True):
    """One GymBro server; its keys and password live in the secret store."""

    __tablename__ = "targets"
    id: int = Field(sa_type=BigId, primary_key=True)  # given by us, never used twice; 1 is our own
    name: str = Field(max_length=80)
    api_base: str = Field(max_length=500)
    auth_url: str = Field(max_length=500)
    colour: str = Field(default="blue", max_length=20)
    is_production: bool = Field(default=False)
    user_email: str = Field(default="", max_length=254)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
