"""journal_marks: which records of the journal are in the database already, and whose database it is."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime


class JournalMarkRow(SQLModel, table=True):
    """One record that was written back, marked in the transaction that wrote its rows."""

    __tablename__ = "journal_marks"
    id: str = Field(primary_key=True, max_length=60)  # of the record, or store_… of this database
    at: datetime = Field(sa_type=UtcDateTime)
