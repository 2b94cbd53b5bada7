"""What an operator sees of executions in a real Chromium: S2.43 to S2.48, keys, filters, monitor, cancel."""

from collections.abc import Iterator

import pytest

from tests.conftest import find_free_port
from tests.support.drill_process import DrillProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrillProcess]:
    found = DrillProcess(tmp_path_factory.mktemp("drill") / "data", find_free_port()).start()
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def quiet(server: DrillProcess) -> Iterator[None]:
    """Nothing runs before and after a test, and the limit is the default."""
    server.end_all()
    server.settings(max_executions=20, push_enabled=True)
    yield
    server.end_all()
