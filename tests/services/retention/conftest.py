"""A retention over SQLite, and over PostgreSQL where a test asks for both."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.executions.service import Executions
from services.foundation.tasks import Tasks
from services.retention.service import Retention
from services.settings.service import Settings
from tests.support.clock import FakeClock


@pytest.fixture
async def executions(
    store: Database, clock: FakeClock, settings: Settings
) -> AsyncIterator[Executions]:
    tasks = Tasks()
    executions = Executions(store, clock, tasks, settings)
    executions.register(Retention(store, clock, settings, executions).kind)
    yield executions
    await executions.stop()
    await tasks.stop(2.0)


@pytest.fixture
def retention(
    store: Database, clock: FakeClock, settings: Settings, executions: Executions
) -> Retention:
    return Retention(store, clock, settings, executions)
