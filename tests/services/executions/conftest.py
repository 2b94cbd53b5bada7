"""Executions over SQLite, and over PostgreSQL where a test asks for both."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.executions.service import Executions
from services.foundation.tasks import Tasks
from services.settings.service import Settings
from tests.support.clock import FakeClock


@pytest.fixture
async def executions(
    store: Database, clock: FakeClock, settings: Settings
) -> AsyncIterator[Executions]:
    tasks = Tasks()
    yield Executions(store, clock, tasks, settings)
    await tasks.stop(2.0)
    assert tasks.names == []
