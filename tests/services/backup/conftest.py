"""A backup over a store that was opened as the program does it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from db.boot.place import OpenedStore
from db.engine import Database
from services.backup.service import Backups
from services.executions.service import Executions
from services.foundation.tasks import Tasks
from services.opening import open_data
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock


@pytest.fixture
def opened(env: Env, clock: FakeClock) -> Iterator[OpenedStore]:
    lock, store = open_data(env, clock.now())
    yield store
    store.database.close_now()
    lock.release()


@pytest.fixture
def store(opened: OpenedStore) -> Database:
    return opened.database


@pytest.fixture
def preferences(store: Database, clock: FakeClock, env: Env) -> Settings:
    settings = Settings(store, clock, env, "UTC")
    settings.load()
    return settings


@pytest.fixture
def backups(store: Database, clock: FakeClock, preferences: Settings) -> Backups:
    return Backups(store, clock, preferences)


@pytest.fixture
async def executions(
    store: Database, clock: FakeClock, preferences: Settings, backups: Backups
) -> AsyncIterator[Executions]:
    tasks = Tasks()
    executions = Executions(store, clock, tasks, preferences)
    executions.register(backups.kind)
    yield executions
    await executions.stop()
    await tasks.stop(2.0)
