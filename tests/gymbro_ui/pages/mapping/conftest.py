"""A catalogue for the tests of the mapping."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.service import Settings
from tests.support.catalogue import Catalogue
from tests.support.clock import FakeClock


@pytest.fixture
async def catalogue(
    database: Database, clock: FakeClock, secrets: Secrets, settings: Settings
) -> AsyncIterator[Catalogue]:
    made = Catalogue(database, clock, secrets, settings)
    yield made
    await made.stop()
