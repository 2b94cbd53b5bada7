"""Damage found at start: nothing is deleted, the newest good copy comes back, the banner says it."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from db.boot.copies import copy_before, newest_good_copy
from db.boot.marker import write_marker
from db.errors import StoreRefusedError
from db.migrations.head import SHIPPED
from tests.support.store import NOW, StoreFolder, add_rows, count_rows

LATER = NOW + timedelta(days=1)


def with_copy(folder: StoreFolder, rows: int = 30) -> Path:
    """Make a store of 30 rows, a copy of it, and 20 rows more."""
    folder.fill(rows, 2000)
    copy = copy_before(folder.path, folder.backups, SHIPPED.head, NOW)
    store = folder.open()
    store.database.write_now(lambda session: add_rows(session, range(100, 120), 2000))
    store.database.close_now()
    return copy


def zero_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def text_file(path: Path) -> None:
    path.write_text("not a database any more\n" * 50)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_tail(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 4096 * 9 // 10 * 4096)


def zero_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\0" * 4096)


def zero_table_page(path: Path) -> None:
    """Lose one leaf in the middle of a table's rows."""
    content = path.read_bytes()
    leaf = content.index(b'k150"xxxx')
    with path.open("r+b") as file:
        file.seek(leaf // 4096 * 4096)
        file.write(b"\0" * 4096)


def flip_byte(path: Path) -> None:
    """Change one cell pointer of a table's page: it opens and counts, only a check finds it."""
    raw = sqlite3.connect(path)
    root = raw.execute(
        "SELECT rootpage FROM sqlite_master WHERE name='llm_app_settings'"
    ).fetchone()[0]
    raw.close()
    with path.open("r+b") as file:
        file.seek(4096 * (root - 1) + 8)
        old = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([old ^ 0x40]))


@pytest.mark.parametrize("damage", [zero_header, text_file, cut_short, zero_page, flip_byte])
def test_a_damaged_file_gives_way_to_the_newest_good_copy(
    folder: StoreFolder, damage: Callable[[Path], None]
) -> None:
    copy = with_copy(folder)
    damage(folder.path)
    damaged = folder.path.read_bytes()
    store = folder.open(LATER)
    [notice] = store.report.notices
    assert notice.code == "restored"
    assert str(copy) in str(notice)
    assert store.database.read_now(count_rows) == 30
    store.database.write_now(lambda session: add_rows(session, range(200, 201)))
    store.database.close_now()
    [kept] = list((folder.data_dir / "quarantine").iterdir())
    assert (kept / folder.path.name).read_bytes() == damaged
    again = folder.open(LATER)
    assert again.report.notices == ()
    assert again.database.read_now(count_rows) == 31
    again.database.close_now()


def test_a_bad_copy_is_passed_over_for_an_older_good_one(folder: StoreFolder) -> None:
    good = with_copy(folder)
    bad = folder.backups / "pre-v1-20261125T000000Z.db"
    shutil.copyfile(good, bad)
    cut_short(bad)
    newer = folder.backups / "pre-v9-20261126T000000Z.db"
    shutil.copyfile(good, newer)
    raw = sqlite3.connect(newer)
    raw.execute(f"PRAGMA user_version={SHIPPED.head + 8}")
    raw.close()
    (folder.backups / "notes.db").write_text("hello")
    assert newest_good_copy(folder.backups, SHIPPED.head) == good
    zero_header(folder.path)
    store = folder.open(LATER)
    assert str(good) in str(store.report.notices[0])
    store.database.close_now()


@pytest.mark.parametrize(
    ("damage", "least"),
    [
        (zero_header, 300),
        (zero_page, 300),
        (flip_byte, 290),
        (zero_table_page, 280),
        (cut_tail, 150),
    ],
)
def test_without_a_copy_the_readable_rows_come_over(
    folder: StoreFolder, damage: Callable[[Path], None], least: int
) -> None:
    folder.fill(300, 400)
    damage(folder.path)
    store = folder.open()
    [notice] = store.report.notices
    rows = store.database.read_now(count_rows)
    assert notice.code == "salvaged"
    assert notice.params["rows"] == rows
    assert least <= rows <= 300
    store.database.write_now(lambda session: add_rows(session, range(1000, 1010)))
    store.database.close_now()
    raw = folder.raw()
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
    assert folder.open().report.notices == ()


def test_without_a_copy_a_damaged_file_is_kept_and_a_new_one_started(folder: StoreFolder) -> None:
    folder.fill(10)
    text_file(folder.path)
    store = folder.open()
    assert [notice.code for notice in store.report.notices] == ["damaged_no_copy"]
    assert store.report.is_new
    assert store.database.read_now(count_rows) == 0
    store.database.close_now()
    assert list((folder.data_dir / "quarantine").glob("*/gymbro.sqlite3"))


@pytest.mark.parametrize("has_copy", [True, False])
def test_an_emptied_file_is_not_taken_for_a_fresh_install(
    folder: StoreFolder, has_copy: bool
) -> None:
    if has_copy:
        with_copy(folder)
    else:
        folder.fill(10)
    os.truncate(folder.path, 0)
    store = folder.open(LATER)
    code = "emptied_restored" if has_copy else "emptied_no_copy"
    assert [notice.code for notice in store.report.notices] == [code]
    assert store.database.read_now(count_rows) == (30 if has_copy else 0)
    store.database.close_now()


def test_a_file_without_any_table_is_not_taken_for_a_fresh_install(folder: StoreFolder) -> None:
    with_copy(folder)
    folder.path.unlink()
    raw = folder.raw()
    raw.execute("PRAGMA journal_mode=WAL")
    raw.close()
    store = folder.open(LATER)
    assert [notice.code for notice in store.report.notices] == ["emptied_restored"]
    store.database.close_now()


def test_a_removed_file_comes_back_from_its_copy(folder: StoreFolder) -> None:
    with_copy(folder)
    folder.path.unlink()
    store = folder.open(LATER)
    assert [notice.code for notice in store.report.notices] == ["removed_restored"]
    assert store.database.read_now(count_rows) == 30
    store.database.close_now()


def test_another_path_than_last_time_is_told(folder: StoreFolder) -> None:
    folder.fill(10)
    other = StoreFolder(folder.data_dir, folder.data_dir / "elsewhere.sqlite3")
    store = other.open()
    [notice] = store.report.notices
    assert notice.code == "other_database_exists"
    assert str(folder.path) in str(notice)
    store.database.close_now()


def test_copies_beside_a_new_database_are_told(folder: StoreFolder) -> None:
    with_copy(folder)
    folder.path.unlink()
    (folder.data_dir / "store.json").unlink()
    store = folder.open()
    assert [notice.code for notice in store.report.notices] == ["copies_exist"]
    assert store.report.is_new
    store.database.close_now()


def test_an_empty_file_on_a_first_start_is_a_fresh_install(folder: StoreFolder) -> None:
    folder.data_dir.mkdir()
    folder.path.touch()
    store = folder.open()
    assert store.report.notices == ()
    assert store.report.is_new
    store.database.close_now()


def test_garbage_in_the_log_is_ignored_told_in_the_log_and_costs_nothing(
    folder: StoreFolder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.fill(10)
    folder.path.with_name(folder.path.name + "-wal").write_bytes(os.urandom(50_000))
    store = folder.open()
    assert "sqlite3-wal is no write-ahead log" in caplog.text
    assert store.database.read_now(count_rows) == 10
    store.database.close_now()
    caplog.clear()
    folder.open().database.close_now()
    assert "no write-ahead log" not in caplog.text


def test_the_log_of_another_database_is_put_aside(folder: StoreFolder, tmp_path: Path) -> None:
    """A log with right checksums of another file: SQLite would replay it into ours."""
    folder.fill(10)
    log = folder.path.with_name(folder.path.name + "-wal")
    foreign = sqlite3.connect(tmp_path / "foreign.db", isolation_level=None)
    foreign.execute("PRAGMA journal_mode=WAL")
    foreign.execute("CREATE TABLE other (a)")
    foreign.executemany("INSERT INTO other VALUES (?)", [("z" * 500,)] * 200)
    shutil.copyfile(tmp_path / "foreign.db-wal", log)
    foreign.close()
    store = folder.open(LATER)
    assert [notice.code for notice in store.report.notices] == ["restored_without_log"]
    assert store.database.read_now(count_rows) == 10
    store.database.close_now()


def test_a_log_lost_after_a_crash_is_told(folder: StoreFolder) -> None:
    folder.fill(10)
    write_marker(folder.data_dir, folder.path, NOW)  # as a killed process leaves it
    store = folder.open()
    assert [notice.code for notice in store.report.notices] == ["log_missing"]
    store.database.close_now()
    assert folder.open().report.notices == ()


def test_a_big_file_is_checked_beside_the_work_and_damage_stops_the_writing(
    folder: StoreFolder,
) -> None:
    with_copy(folder)
    flip_byte(folder.path)
    store = folder.open(check_now_bytes=10)
    wait_until(lambda: store.database.read_only is not None)
    assert store.database.read_only is not None
    assert store.database.read_only.code == "check_failed"
    store.database.close_now()


def test_damage_in_a_read_only_place_is_told_and_left_alone(folder: StoreFolder) -> None:
    with_copy(folder)
    zero_header(folder.path)
    with pytest.raises(StoreRefusedError) as caught:
        folder.open(min_free_bytes=1 << 60)
    assert caught.value.notice.code == "not_openable"
    assert not (folder.data_dir / "quarantine").exists()


def wait_until(done: Callable[[], bool]) -> None:
    for _ in range(3000):
        if done():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen in 30 s")
