"""Fixtures every test may use."""

import functools
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from httpx._transports import default
from nicegui import background_tasks
from nicegui.storage import Storage
from nicegui.testing import User, general
from sqlmodel import SQLModel

import db.tables
from db.connect import sqlite_url
from db.engine import Database
from services.secrets.service import Secrets
from services.settings.env import read_env
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.upstream import FakeUpstream

# No test may write into the keyring of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

# Each worker has a folder of its own: a simulated user clears it whole.
Storage.path = Path(tempfile.mkdtemp(prefix="gymbro-nicegui-"))

pytest_plugins = ["tests.support.postgres", "tests.support.supabase_stack"]


def pytest_xdist_auto_num_workers() -> int:
    """Four workers on two cores: a third of the time waits for clocks, sockets and processes."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def _quick_collector() -> None:
    """Let NiceGUI's simulated user collect young garbage only.

    It collects twice a test; over all generations of the heap of a whole run (600 MB) that is
    2.6 s a test, of the 0.4 s the page itself takes.
    """
    general.__dict__["gc"] = SimpleNamespace(collect=functools.partial(gc.collect, 1))


@pytest.fixture(scope="session", autouse=True)
def _one_trust_store() -> None:
    """Read the machine's certificates once: each HTTP client would, 17 ms of it, and none is used."""
    names = default.__dict__
    names["create_ssl_context"] = functools.cache(names["create_ssl_context"])


@pytest.fixture(scope="session", autouse=True)
def _patient_users() -> None:
    """Let simulated users look for 15 s in place of 0.3 s: a machine may stand still for a second."""
    for look in (User.should_see, User.should_not_see):
        look.__kwdefaults__ = {**(look.__kwdefaults__ or {}), "retries": 150}


@pytest.fixture(autouse=True)
def _no_tasks_of_ended_loops() -> None:
    """Forget NiceGUI's tasks of earlier loops: the next simulated user would wait for them forever."""
    tasks = background_tasks.running_tasks
    tasks.difference_update([task for task in tasks if task.get_loop().is_closed()])


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    return find_free_port()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def env(tmp_path: Path, free_port: int) -> Env:
    return read_env(port=free_port, data_dir=str(tmp_path / "data"), values={})


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row, made once and copied by each test."""
    path = tmp_path_factory.mktemp("store") / "empty.sqlite3"
    assert db.tables.__all__  # imported: the metadata is complete
    store = Database(sqlite_url(str(path)))
    SQLModel.metadata.create_all(store.writing_engine)
    store.close_now()
    return path


@pytest.fixture
def database(env: Env, empty_store: Path) -> Iterator[Database]:
    assert env.database_path is not None
    env.database_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(empty_store, env.database_path)
    store = Database(env.database_url)
    yield store
    store.close_now()


@pytest.fixture
async def upstream() -> AsyncGenerator[FakeUpstream]:
    """A server that plays what a test asks of it."""
    async with FakeUpstream() as server:
        yield server


@pytest.fixture
def secrets(env: Env) -> Secrets:
    return Secrets(env.secrets_dir)


@pytest.fixture
def settings(database: Database, clock: FakeClock, env: Env) -> Settings:
    settings = Settings(database, clock, env, "UTC")
    settings.load()
    return settings
