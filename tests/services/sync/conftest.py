"""A console tied to a project of the local Supabase."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.service import Settings
from tests.support.clock import FakeClock
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk


@pytest.fixture
async def offline_desk(
    database: Database, clock: FakeClock, secrets: Secrets, settings: Settings
) -> AsyncIterator[SyncDesk]:
    """Without a project."""
    made = SyncDesk(database, clock, secrets, settings)
    yield made
    await made.stop()


@pytest.fixture
async def desk(offline_desk: SyncDesk, supabase_project: SupabaseProject) -> SyncDesk:
    await offline_desk.connect(supabase_project)
    return offline_desk
