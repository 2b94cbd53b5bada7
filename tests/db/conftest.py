"""A store on a temporary folder, opened as the program opens it."""

from pathlib import Path

import pytest

from tests.support.store import StoreFolder


@pytest.fixture
def folder(tmp_path: Path) -> StoreFolder:
    return StoreFolder(tmp_path / "data")
