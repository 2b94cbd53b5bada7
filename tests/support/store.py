"""Builders for store tests: a data folder that is opened as the program does it, and its rows."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from db.boot import OpenedStore, StorePlace, open_store
from db.connect import Access, sqlite_url
from db.tables.config import AppSettingRow

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


class StoreFolder:
    """A data folder; `open` starts the store, `raw` looks at the file past it."""

    def __init__(self, data_dir: Path, path: Path | None = None, **options: Any) -> None:
        self.data_dir = data_dir
        self.path = path or data_dir / "gymbro.sqlite3"
        self.backups = data_dir / "backups"
        self.options = options

    def place(self, **options: Any) -> StorePlace:
        place = StorePlace(
            sqlite_url(str(self.path)), self.path, "default", self.data_dir, self.backups
        )
        return replace(place, **{**self.options, **options})

    def open(self, now: datetime = NOW, **options: Any) -> OpenedStore:
        return open_store(self.place(**options), now)

    def raw(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None)

    def fill(self, count: int = 20, size: int = 10) -> None:
        """Make a store with rows and close it properly."""
        store = self.open()
        store.database.write_now(lambda session: add_rows(session, range(count), size))
        store.database.close_now()


def add_rows(session: Session, numbers: range, size: int = 10) -> int:
    for number in numbers:
        session.add(setting(number, "x" * size))
    return len(numbers)


def setting(number: int, value: object = 0) -> AppSettingRow:
    return AppSettingRow(key=f"k{number}", value_json=value, created_at=NOW, updated_at=NOW)


def keys(session: Session) -> set[str]:
    return set(session.exec(select(AppSettingRow.key)).all())


def count_rows(session: Session) -> int:
    return len(keys(session))


IMPATIENT = Access(busy_ms=100, lock_attempts=2)
