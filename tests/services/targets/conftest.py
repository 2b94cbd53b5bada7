"""Targets over a database of the test's own, with keys of their own."""

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.env import read_env
from services.settings.types import Env
from services.targets.service import Targets
from tests.support.clock import FakeClock
from tests.support.targets import OwnKeys


@pytest.fixture
def build(database: Database, clock: FakeClock, secrets: Secrets, env: Env):
    def make(**values: str) -> Targets:
        chosen = env
        if values:
            chosen = read_env(port=env.port, data_dir=str(env.data_dir), values=values)
        targets = Targets(database, clock, secrets, chosen, OwnKeys())
        targets.load()
        return targets

    return make


@pytest.fixture
def targets(build) -> Targets:
    return build()
