"""WS /api/v1/ws/executions: who may, what is sent in which order, nobody waits for anybody."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.execution_api import execution_world
from tests.support.gateway import World


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with execution_world(database, env, secrets) as served:
        yield served
