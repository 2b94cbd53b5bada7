"""Journals over a store that can be told to refuse."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.load_runs import PromptTestRow
from services.journal.types import ReplayReport

TURNS = "ai_prompt_tests"
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
REFUSED = DatabaseUnavailableError("full", "database or disk is full")


class Switch:
    """Lets changes through, or refuses them as a full disk does; counts transactions."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.refused = 0
        self.taken = 0
        self._write = database.write
        monkeypatch.setattr(database, "write", self.write)

    async def write(self, change: Callable[[Session], Any]) -> Any:
        if self.is_full:
            self.refused += 1
            raise REFUSED
        value = await self._write(change)
        self.taken += 1
        return value


def files(folder: Path) -> list[Path]:
    """The records' files, in their order."""
    return sorted(folder.glob("*.json"))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def turn(number: int, **values: Any) -> dict[str, Any]:
    """A conversation's turn: a row of ai_prompt_tests without a run."""
    return {
        "model": "fast",
        "request_message": f"hello {number}",
        "response_message": "well\x00 \ud800 done",
        "success": True,
        "error": "",
        "error_text": "",
        "request_id": f"r{number}",
        "message_id": "",
        "created_at": NOW,
        "latency_ms": 12,
        **values,
    }


def rows_in(database: Database) -> list[PromptTestRow]:
    query = select(PromptTestRow).order_by(col(PromptTestRow.id))
    return database.read_now(lambda session: list(session.exec(query).all()))


def counts(report: ReplayReport) -> tuple[int, int, int, int]:
    return report.rows, report.known, report.put_aside, report.left
