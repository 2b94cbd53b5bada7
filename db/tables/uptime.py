"""console_uptime: when the console ran, so that the matrix can hatch when it did not."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.columns import BigId, UtcDateTime


class UptimeRow(SQLModel, table=True):
    """One stretch of running without a pause (stop, crash or sleep of the machine)."""

    __tablename__ = "console_uptime"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a real row never follows on demo rows
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    boot_id: str = Field(max_length=40)
    started_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime, index=True)
