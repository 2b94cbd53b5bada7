"""The journal's folder under faults of the disk: what is acknowledged has its name on disk."""

import os
import stat
from pathlib import Path

import pytest
from sqlmodel import col, select

from db.engine import Database
from db.tables.load_runs import PromptTestRow
from services.journal.service import Journal
from tests.support.journal import REFUSED, TURNS, files, turn


@pytest.fixture
def store(database: Database) -> Database:
    return database


def messages(database: Database) -> list[str]:
    query = select(PromptTestRow.request_message).order_by(col(PromptTestRow.id))
    return list(database.read_now(lambda session: session.exec(query).all()))


async def test_a_record_is_acknowledged_after_its_bytes_then_its_name_are_on_disk(
    journal: Journal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def syncing(handle: int) -> None:
        fsync(handle)
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "bytes")

    def renaming(*paths: Path) -> None:
        rename(*paths)
        done.append("name")

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "rename", renaming)
    assert await journal.keep(TURNS, [turn(1)], REFUSED)
    assert done == ["bytes", "name", "folder"]
    assert len(files(folder)) == 1


async def test_a_sync_of_the_folder_that_fails_is_no_acknowledgement_of_the_file(
    journal: Journal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def failing(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(5, "Input/output error")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", failing)
    assert await journal.keep(TURNS, [turn(1)], REFUSED)
    assert journal.view.in_reserve == 1  # kept in the space that was taken before


async def test_a_record_that_cannot_be_read_is_put_aside_and_the_others_are_written(
    journal: Journal, folder: Path, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.keep(TURNS, [turn(1)], REFUSED)
    await journal.keep(TURNS, [turn(2)], REFUSED)
    locked, _ = files(folder)
    opened = os.open

    def opening(path: str | Path, *how: int) -> int:
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how)

    monkeypatch.setattr(os, "open", opening)
    await journal.replay()
    assert messages(store) == ["hello 2"]
    (shown,) = journal.view.put_aside
    assert (shown.name, "Permission denied" in shown.reason) == (locked.name, True)
    assert journal.notices


async def test_a_link_is_not_followed_even_under_the_name_of_a_record(
    journal: Journal, folder: Path, store: Database, tmp_path: Path
) -> None:
    await journal.keep(TURNS, [turn(1)], REFUSED)
    (file,) = files(folder)
    elsewhere = tmp_path / "elsewhere.json"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    await journal.replay()
    assert messages(store) == []
    assert [one.name for one in journal.view.put_aside] == [file.name]
    assert elsewhere.is_file()
