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
