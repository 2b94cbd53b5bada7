"""Opening the store: new, again, refused, read-only, watched."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from db.boot import open_store
from db.boot.copies import copy_before
from db.connect import APPLICATION_ID
from db.errors import AnotherInstanceError, DatabaseUnavailableError, StoreRefusedError
from db.migrations.head import SHIPPED
from tests.support.store import IMPATIENT, NOW, StoreFolder, add_rows, count_rows


def codes(store_or_report: object) -> list[str]:
    return [notice.code for notice in getattr(store_or_report, "report").notices]  # noqa: B009


def refusal(folder: StoreFolder, **options: Any) -> StoreRefusedError:
    before = fingerprint(folder.path)
    with pytest.raises(StoreRefusedError) as caught:
        folder.open(**options)
    assert fingerprint(folder.path) == before, "a refused file must stay as it is"
    assert "{" not in str(caught.value)
    return caught.value


def fingerprint(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_a_new_store_says_whose_it_is(folder: StoreFolder) -> None:
    store = folder.open()
    assert store.report.is_new
    assert store.report.mode == "read-write"
    assert store.report.notices == ()
    assert store.report.location == str(folder.path)
    assert store.database.health().location == str(folder.path)
    store.database.close_now()
    raw = folder.raw()
    assert raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert raw.execute("PRAGMA user_version").fetchone() == (SHIPPED.head,)
    assert raw.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_nobody_else_can_read_the_files(folder: StoreFolder) -> None:
    old = os.umask(0o022)
    try:
        store = folder.open()
        store.database.write_now(lambda session: add_rows(session, range(3)))
        copy = copy_before(folder.path, folder.backups, 2, NOW)
        found = {path.name: path.stat().st_mode & 0o777 for path in folder.data_dir.glob("gym*")}
        assert found == dict.fromkeys(
            (f"gymbro.sqlite3{end}" for end in ("", "-wal", "-shm", ".lock")), 0o600
        )
        assert copy.stat().st_mode & 0o777 == 0o600
        store.database.close_now()
    finally:
        os.umask(old)


def test_an_end_without_closing_is_still_a_proper_end(folder: StoreFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.support.store import *\n"
        "store = StoreFolder(Path(sys.argv[1])).open()\n"
        "store.database._writer.put(lambda session: add_rows(session, range(500)))\n"
        "raise SystemExit(5)"
    )
    command = [sys.executable, "-c", code, str(folder.data_dir)]
    assert subprocess.run(command, timeout=60).returncode == 5
    store = folder.open()
    assert store.report.notices == ()
    assert store.database.read_now(count_rows) == 500
    store.database.close_now()


def test_a_log_index_taken_away_while_running_breaks_nothing(folder: StoreFolder) -> None:
    folder.fill(10)
    store = folder.open().database
    folder.path.with_name(folder.path.name + "-shm").unlink()
    for number in range(100, 120):
        store.write_now(lambda session, n=number: add_rows(session, range(n, n + 1)))
    assert store.read_now(count_rows) == 30
    store.close_now()
    again = folder.open()
    assert again.report.notices == ()
    assert again.database.read_now(count_rows) == 30
    again.database.close_now()


def test_the_second_start_finds_the_rows_and_loads_no_alembic(folder: StoreFolder) -> None:
    folder.fill(5)
    code = (
        "import sys; from pathlib import Path; from tests.support.store import *\n"
        "store = StoreFolder(Path(sys.argv[1])).open()\n"
        "print(store.database.read_now(count_rows), store.report.is_new, 'alembic' in sys.modules)\n"
        "store.database.close_now()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(folder.data_dir)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert told.split() == ["5", "False", "False"]


def test_a_start_without_work_changes_no_byte(folder: StoreFolder) -> None:
    folder.fill(5)
    before = fingerprint(folder.path)
    folder.open().database.close_now()
    assert fingerprint(folder.path) == before


def test_a_newer_database_is_refused(folder: StoreFolder) -> None:
    folder.fill(1)
    change(folder, f"PRAGMA user_version={SHIPPED.head + 1}")
    error = refusal(folder)
    assert error.notice.code == "newer_version"
    assert str(SHIPPED.head + 1) in str(error)


def test_an_original_gymbro_database_is_refused_and_named(folder: StoreFolder) -> None:
    folder.data_dir.mkdir()
    change(folder, "CREATE TABLE ai_endpoints (id INTEGER PRIMARY KEY, api_key TEXT)")
    error = refusal(folder)
    assert error.notice.code == "original_gymbro"
    assert "import" in str(error)


def test_a_database_of_another_program_is_refused(folder: StoreFolder) -> None:
    folder.data_dir.mkdir()
    change(folder, "CREATE TABLE moz_places (id INTEGER PRIMARY KEY)")
    assert refusal(folder).notice.code == "foreign_database"


def test_a_file_that_is_no_database_and_never_was_ours_is_refused(folder: StoreFolder) -> None:
    folder.data_dir.mkdir()
    folder.path.write_text("dear diary, " * 1000)
    assert refusal(folder).notice.code == "not_a_database"


def test_a_database_without_its_tables_is_refused(folder: StoreFolder) -> None:
    folder.fill(1)
    change(folder, "DROP TABLE dashboard_config")
    error = refusal(folder)
    assert error.notice.code == "tables_missing"
    assert "dashboard_config" in str(error)


def test_a_full_disk_opens_read_only(folder: StoreFolder) -> None:
    folder.fill(3)
    store = folder.open(min_free_bytes=1 << 60)
    assert store.report.mode == "read-only"
    assert codes(store) == ["disk_low"]
    assert store.database.read_now(count_rows) == 3
    with pytest.raises(DatabaseUnavailableError) as caught:
        store.database.write_now(lambda session: add_rows(session, range(1)))
    assert caught.value.reason == "full"
    assert store.database.health().notices[0].code == "disk_low"
    store.database.close_now()


def test_a_full_disk_makes_no_new_database(folder: StoreFolder) -> None:
    assert refusal(folder, min_free_bytes=1 << 60).notice.code == "folder_unusable"
    assert not folder.path.exists()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("chattr"), reason="root-only fault")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_or_folder_that_may_not_be_written_opens_read_only(
    folder: StoreFolder, what: str
) -> None:
    folder.fill(3)
    target = folder.path if what == "file" else folder.data_dir
    if subprocess.run(["chattr", "+i", target], check=False).returncode != 0:
        pytest.skip("this file system has no immutable flag")
    try:
        store = folder.open()
        assert store.report.mode == "read-only"
        assert codes(store) == [f"{what}_read_only"]
        assert store.database.read_now(count_rows) == 3
        with pytest.raises(DatabaseUnavailableError) as caught:
            store.database.write_now(lambda session: add_rows(session, range(1)))
        assert caught.value.reason == "readonly"
        store.database.close_now()
    finally:
        subprocess.run(["chattr", "-i", target], check=True)
    assert folder.open().report.notices == ()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = StoreFolder(tmp_path / "file" / "data")
    assert refusal(folder).notice.code == "folder_unusable"


def test_on_a_network_disk_no_shared_memory_is_used(folder: StoreFolder, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {folder.data_dir} nfs4 rw 0 0\n")
    store = folder.open(mounts=mounts)
    assert codes(store) == ["network_disk"]
    store.database.write_now(lambda session: add_rows(session, range(3)))

    def journal(session: object) -> tuple[object, object]:
        ask = session.connection().exec_driver_sql  # type: ignore[attr-defined]
        return ask("PRAGMA journal_mode").scalar(), ask("PRAGMA synchronous").scalar()

    assert store.database.write_now(journal) == ("delete", 3)
    assert store.database.read_now(count_rows) == 3
    store.database.close_now()


@pytest.mark.parametrize("fault", ["removed", "replaced", "folder removed"])
def test_a_file_taken_away_while_running_stops_the_writing(folder: StoreFolder, fault: str) -> None:
    folder.fill(3)
    store = folder.open().database
    if fault == "folder removed":
        shutil.rmtree(folder.data_dir)
    elif fault == "removed":
        folder.path.unlink()
    else:
        shutil.copyfile(folder.path, folder.data_dir / "other")
        (folder.data_dir / "other").replace(folder.path)
    health = store.health()
    assert health.read_only is not None
    assert health.notices[0].code == "file_gone"
    with pytest.raises(DatabaseUnavailableError) as caught:
        store.write_now(lambda session: add_rows(session, range(5, 9)))
    assert caught.value.reason == "gone"
    if fault != "replaced":
        assert not folder.path.exists(), "no new, empty database may appear"
    store.close_now()


def test_a_log_that_grows_is_told(folder: StoreFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.fill(3)
    monkeypatch.setattr("db.engine.LOG_LARGE_BYTES", 50_000)
    store = folder.open().database
    reader = folder.raw()
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM llm_app_settings").fetchone()
    store.write_now(lambda session: add_rows(session, range(10, 40), 5000))
    assert [notice.code for notice in store.health().notices] == ["log_large"]
    reader.close()
    store.close_now()


def test_two_data_folders_cannot_share_one_database(folder: StoreFolder, tmp_path: Path) -> None:
    path = tmp_path / "shared" / "one.sqlite3"
    first = StoreFolder(tmp_path / "a", path).open()
    with pytest.raises(AnotherInstanceError) as caught:
        StoreFolder(tmp_path / "b", path).open()
    assert caught.value.pid == os.getpid()
    first.database.close_now()
    StoreFolder(tmp_path / "b", path).open().database.close_now()


def test_an_exclusive_lock_at_start_is_told(folder: StoreFolder) -> None:
    folder.fill(1)
    other = folder.raw()
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO dashboard_config VALUES (7, '{}', '2026', '2026')")
    with pytest.raises(StoreRefusedError) as caught:
        folder.open(access=IMPATIENT)
    assert caught.value.notice.code == "not_openable"
    assert "locked" in str(caught.value)
    other.close()
    folder.open().database.close_now()


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path / "ä b%20?#&'1" / "数据")
    folder.fill(2)
    store = open_store(folder.place(), NOW)
    assert store.database.read_now(count_rows) == 2
    store.database.close_now()
    assert [path.name for path in folder.data_dir.glob("*.sqlite3")] == ["gymbro.sqlite3"]


def change(folder: StoreFolder, statement: str) -> None:
    raw = sqlite3.connect(folder.path, isolation_level=None)
    raw.execute(statement)
    raw.close()
