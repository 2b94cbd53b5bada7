"""A journal over SQLite, and over PostgreSQL where a test asks for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Database
from services.foundation.tasks import Tasks
from services.journal.service import Journal
from tests.support.clock import FakeClock
from tests.support.journal import Switch


@pytest.fixture
def journal(store: Database, clock: FakeClock, tmp_path: Path) -> Iterator[Journal]:
    made = Journal(store, clock, Tasks(), tmp_path / "runtime")
    made.load()
    yield made
    made.close()


@pytest.fixture
def folder(journal: Journal) -> Path:
    return Path(journal.view.folder)


@pytest.fixture
def switch(store: Database, monkeypatch: pytest.MonkeyPatch) -> Switch:
    return Switch(store, monkeypatch)
