"""Load tests against a server that plays what a test asks of it."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.settings.types import Env
from tests.support.load_desk import LoadDesk
from tests.support.upstream import FakeUpstream


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncIterator[LoadDesk]:
    made = LoadDesk(database, env)
    await made.aim(upstream)
    yield made
    await made.stop()
