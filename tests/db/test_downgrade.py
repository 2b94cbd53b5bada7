"""Going back by command: a copy first, never under a running console, never a foreign file."""

from pathlib import Path

import pytest

from db.boot.downgrade import BAD_USE, DONE, IN_USE, main
from db.boot.examine import examine
from tests.support.store import StoreFolder


@pytest.fixture
def folder(tmp_path: Path) -> StoreFolder:
    return StoreFolder(tmp_path / "data")


def test_version_0_removes_every_table_and_leaves_a_whole_copy(folder: StoreFolder) -> None:
    folder.fill(5)
    before = examine(folder.path)
    assert main(["0", str(folder.path)]) == DONE
    assert examine(folder.path).kind == "empty"
    (copy,) = folder.backups.iterdir()
    assert examine(copy).tables == before.tables


def test_a_running_console_keeps_its_tables(folder: StoreFolder) -> None:
    store = folder.open().database
    assert main(["0", str(folder.path)]) == IN_USE
    store.close_now()
    assert examine(folder.path).kind == "ours"


@pytest.mark.parametrize("arguments", [[], ["0"], ["x", "f"], ["0", "missing.db"], ["-1", "f"]])
def test_bad_use_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == BAD_USE
    assert capsys.readouterr().err


def test_the_present_version_is_nothing_to_go_back_to(folder: StoreFolder) -> None:
    folder.fill(1)
    assert main([str(examine(folder.path).version), str(folder.path)]) == BAD_USE
    assert examine(folder.path).kind == "ours"
