"""Single conversations with a server that plays what a test asks of it."""

from collections.abc import AsyncGenerator

import pytest

from db.engine import Database
from services.settings.types import Env
from tests.support.dialogs_desk import DialogsDesk, dialogs_desk
from tests.support.upstream import FakeUpstream


@pytest.fixture
async def desk(database: Database, env: Env, upstream: FakeUpstream) -> AsyncGenerator[DialogsDesk]:
    async with dialogs_desk(database, env, upstream) as made:
        yield made
