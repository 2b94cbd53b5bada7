"""import_rows: which rows of which original database were looked at, and what became of them here."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.columns import Json, UtcDateTime


class ImportedRow(SQLModel, table=True):
    """One row of a foreign file; its key stays the same however often the file is imported."""

    __tablename__ = "import_rows"
    source: str = Field(primary_key=True, max_length=32)  # of the file, the same in every copy
    table_name: str = Field(primary_key=True, max_length=40)
    row_key: str = Field(primary_key=True, max_length=64)
    digest: str = Field(max_length=32)  # of its cells, secrets left out
    local_key: str = Field(default="", max_length=320)  # the row here; may be gone by now
    counted: dict[str, int] | None = Field(default=None, sa_type=Json, nullable=True)  # added up
    is_whole: bool = True  # false while its secrets are not in the secret store yet
    taken_at: datetime = Field(sa_type=UtcDateTime)
