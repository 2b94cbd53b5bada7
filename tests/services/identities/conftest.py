"""Identities over a FakeUpstream."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.identities import SomeTargets, a_target
from tests.support.upstream import FakeUpstream


@pytest.fixture
def known(upstream: FakeUpstream) -> SomeTargets:
    return SomeTargets([a_target(upstream)])


@pytest.fixture
async def identities(
    database: Database, clock: FakeClock, secrets: Secrets, known: SomeTargets, env: Env
) -> AsyncIterator[Identities]:
    service = Identities(database, clock, secrets, known, env)
    yield service
    await service.close()
