"""A sign-in with its keys, a project with two keys, and a verifier of both."""

from collections.abc import AsyncIterator, Iterator

import pytest

from db.engine import Database
from services.accounts.service import Accounts
from services.accounts.verifier import Verifier
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.tokens import KeyServer, ProjectKey, build_accounts, key_server, project_env


@pytest.fixture(scope="session")
def project_key() -> ProjectKey:
    return ProjectKey("project-1")


@pytest.fixture(scope="session")
def second_key() -> ProjectKey:
    return ProjectKey("project-2")


@pytest.fixture
def jwks(project_key: ProjectKey, second_key: ProjectKey) -> Iterator[KeyServer]:
    with key_server(project_key, second_key) as server:
        yield server


@pytest.fixture
def accounts(store: Database, clock: FakeClock, secrets: Secrets, env: Env) -> Accounts:
    return build_accounts(store, clock, secrets, env)


@pytest.fixture
async def verifier(
    accounts: Accounts, clock: FakeClock, env: Env, jwks: KeyServer
) -> AsyncIterator[Verifier]:
    """Accepts the project's tokens as well as our own."""
    verifier = Verifier(accounts, clock, project_env(env, jwks_url=jwks.url))
    yield verifier
    await verifier.close()
