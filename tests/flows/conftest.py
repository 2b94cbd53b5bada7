"""One running console for the flow tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import find_free_port
from tests.support.process import ConsoleProcess


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console with nothing configured, shared by the tests of one module."""
    folder: Path = tmp_path_factory.mktemp("console") / "data"
    console = ConsoleProcess(folder, find_free_port()).start()
    yield console
    code = console.stop()
    assert code == 0, console.log()
    assert "Traceback" not in console.log(), console.log()
