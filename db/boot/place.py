"""StorePlace, StoreReport, OpenedStore: where the store is asked for, and what was found there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from db.connect import Access
from db.engine import SPACE_LOW_BYTES, Database
from db.files import MOUNTS
from db.migrations.head import SHIPPED, Revisions
from db.notices import StoreNotice


@dataclass(frozen=True, slots=True)
class StorePlace:
    """What was configured; only the first five are set by the program, the rest by tests."""

    url: str
    path: Path | None  # absolute file, None with PostgreSQL
    source: str  # which setting chose it
    data_dir: Path
    backups_dir: Path
    access: Access = field(default_factory=Access)
    revisions: Revisions = SHIPPED
    mounts: Path = MOUNTS
    min_free_bytes: int = SPACE_LOW_BYTES
    check_now_bytes: int = 256 * 1024 * 1024  # a bigger, cleanly closed file is checked beside

    @property
    def quarantine_dir(self) -> Path:
        """Where damaged databases go; nothing is ever deleted there."""
        return self.data_dir / "quarantine"


@dataclass(frozen=True, slots=True)
class StoreReport:
    """How the store was opened."""

    backend: Literal["sqlite", "postgresql"]
    location: str  # the absolute path, or host and name without the password
    path: Path | None
    source: str
    version: int  # the schema's, equal to the newest revision
    server_version: str  # of SQLite's library or of the PostgreSQL server
    mode: Literal["read-write", "read-only"]
    is_new: bool  # made by this start
    notices: tuple[StoreNotice, ...] = ()


def _nothing() -> None:
    """SQLite has one console."""


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """The database, ready, the report to show, and how other consoles are let in."""

    database: Database
    report: StoreReport
    let_others_in: Callable[[], None] = _nothing  # once what a new store begins with is written
