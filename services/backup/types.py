"""Backup: the copies there are, and what a restore did."""

from dataclasses import dataclass
from datetime import datetime

KIND = "backup"  # the execution kind


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """One copy in the folder of backups."""

    name: str
    path: str  # absolute
    size_bytes: int
    made_at: datetime
    is_verified: bool  # whole, every row counted, when it was made; its size is still the same
    rows: int = 0
    version: int = 0  # of the schema


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` did."""

    database: str  # absolute path
    version: int  # the copy's
    opened_as: int  # the version it was brought to
    rows: int
    replaced: str  # where the replaced database is, empty when there was none
    held: int = (
        0  # changes of the copy that wait for Supabase; none is pushed before somebody looks
    )


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of one table, now and after the restore; None where there is no such table."""

    name: str
    now: int | None
    then: int | None


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """What a restore would change; the copy was read whole for it."""

    name: str
    made_at: datetime
    version: int  # of the copy's schema
    rows: int
    tables: tuple[TableCount, ...]  # those whose counts differ, by name
    same: int  # tables with the same number of rows
    unpushed: int  # changes in the copy that wait for Supabase
