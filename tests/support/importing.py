"""Rows of an original database, and what an import of them told and left in the store."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from services.console import Console
from services.imports.types import Fate, ImportReport
from tests.support.original import days_ago

NOW = datetime.now(UTC)
AT = days_ago(NOW, 1)
_NOT_COMPARED = ("executions", "execution_events", "sqlite_stat1")


def endpoint(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "base_url": f"https://{name}.example.com", "model": "m",
            "is_active": 1, "is_default": 0, "created_at": AT, "updated_at": AT, **fields}  # fmt: skip


def prompt(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "content": f"text of {name}", "prompt_type": "system",
            "is_active": 0, "created_at": AT, "updated_at": AT, **fields}  # fmt: skip


def content_of(console: Console) -> dict[str, list[Any]]:
    """Every row of the store, by table."""
    assert console.database.path is not None
    with closing(sqlite3.connect(f"file:{console.database.path}?mode=ro", uri=True)) as file:
        names = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: sorted(map(repr, file.execute(f"SELECT * FROM {name}")))  # its own
            for name in names
            if name not in _NOT_COMPARED
        }


def fates(report: ImportReport, table: str) -> dict[str, Fate]:
    return {one.row: one.fate for one in report.lines if one.table == table}


def reasons(report: ImportReport) -> list[str]:
    return [str(reason) for one in report.lines for reason in one.reasons]
