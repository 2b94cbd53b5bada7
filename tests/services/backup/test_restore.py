"""The restore drill: a copy is put back whole; a bad one, or a running console, changes nothing."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from db.boot import restore as mechanics
from db.connect import APPLICATION_ID
from services.backup import commands
from services.backup.commands import make_backup, restore
from services.foundation.errors import ConflictError, InputError, StoreError
from services.opening import open_data
from services.settings.env import read_env
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.store import add_rows, count_rows


class Drill:
    """A data folder whose database had 20 settings when it was copied and has 25 now."""

    def __init__(self, env: Env, clock: FakeClock) -> None:
        self.env, self.clock = env, clock
        self._open(range(20))
        self.copy = Path(make_backup(env, clock)[0].path)
        self._open(range(20, 25))
        assert env.database_path is not None
        self.path = env.database_path

    def _open(self, numbers: range) -> None:
        lock, store = open_data(self.env, self.clock.now())
        store.database.write_now(lambda s: add_rows(s, numbers))
        store.database.close_now()
        lock.release()

    def rows(self) -> int:
        """Open it as the program does, and count."""
        lock, store = open_data(self.env, self.clock.now())
        count = store.database.read_now(count_rows)
        store.database.close_now()
        lock.release()
        return count

    def restore(self, file: Path | None = None):
        self.clock.jump(60)
        return restore(self.env, self.clock, file or self.copy)

    def beside(self) -> list[str]:
        return sorted(p.name for p in self.path.parent.glob(f"{self.path.name}.re*"))


@pytest.fixture
def drill(env: Env, clock: FakeClock) -> Drill:
    return Drill(env, clock)


def test_the_copy_is_in_place_whole_and_the_replaced_one_is_kept(drill: Drill) -> None:
    done = drill.restore(Path(drill.copy.name))  # a name is enough
    assert drill.rows() == 20
    assert done.opened_as == done.version
    assert done.database == str(drill.path)
    kept = sqlite3.connect(done.replaced)
    assert kept.execute("SELECT count(*) FROM llm_app_settings").fetchone() == (25,)
    kept.close()
    assert drill.copy.exists()  # the copy itself is not used up
    drill.restore(Path(done.replaced))  # the way back
    assert drill.rows() == 25


def test_a_log_that_was_not_folded_stays_with_the_replaced_database(drill: Drill) -> None:
    log = drill.path.with_name(drill.path.name + "-wal")
    raw = sqlite3.connect(drill.path)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("UPDATE llm_app_settings SET value_json = '7'")
    raw.commit()
    crashed = (drill.path.read_bytes(), log.read_bytes())
    raw.close()
    drill.path.write_bytes(crashed[0])
    log.write_bytes(crashed[1])  # as a crash leaves it
    done = drill.restore()
    assert drill.rows() == 20
    again = sqlite3.connect(done.replaced)
    changed = again.execute("SELECT count(*) FROM llm_app_settings WHERE value_json = 7").fetchone()
    again.close()
    assert changed == (25,)


def test_a_damaged_database_is_replaced_too_and_kept(drill: Drill) -> None:
    drill.path.write_bytes(b"\0" * 8192)
    done = drill.restore()
    assert drill.rows() == 20
    assert Path(done.replaced).read_bytes() == b"\0" * 8192


def test_a_lost_database_is_put_back(drill: Drill) -> None:
    drill.path.unlink()
    assert drill.restore().replaced == ""
    assert drill.rows() == 20


def test_it_refuses_while_a_console_holds_the_folder_or_the_database(
    drill: Drill, tmp_path: Path
) -> None:
    lock, store = open_data(drill.env, drill.clock.now())
    with pytest.raises(ConflictError, match="Stop it first"):
        drill.restore()
    other = read_env(data_dir=str(tmp_path / "other"), values={"SQLITE_DB_PATH": str(drill.path)})
    with pytest.raises(ConflictError, match="Stop it first"):
        restore(other, drill.clock, drill.copy)
    store.database.close_now()
    lock.release()
    assert drill.rows() == 25
    assert drill.beside() == []


def _damage(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096 * 3 :] = b"\xff" * (len(raw) - 4096 * 3)
    path.write_bytes(raw)


def _newer(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version=999")
    raw.close()


def _foreign(path: Path) -> None:
    path.unlink()
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE t (x)")
    raw.commit()
    raw.close()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8192])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_damage, "is damaged"),
        (_cut, "is damaged"),
        (_newer, "has version 999"),
        (_foreign, "is not a database of this console"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.unlink(), "There is no file"),
        (lambda path: path.with_name(path.name + "-wal").write_bytes(b"x"), "is in use"),
    ],
)
def test_a_file_that_cannot_be_it_is_named_and_nothing_is_changed(
    drill: Drill, tmp_path: Path, spoil, said: str
) -> None:
    file = tmp_path / "spoiled.db"
    shutil.copyfile(drill.copy, file)
    spoil(file)
    with pytest.raises(InputError, match=said):
        drill.restore(file)
    assert drill.beside() == []
    assert drill.rows() == 25


def test_a_copy_that_does_not_open_after_all_gives_the_place_back(drill: Drill) -> None:
    raw = sqlite3.connect(drill.copy)
    raw.execute("DROP TABLE dashboard_config")
    raw.close()
    with pytest.raises(StoreError, match="the database is the one it was"):
        drill.restore()
    assert drill.rows() == 25
    assert drill.beside() == []


def test_a_disk_without_links_keeps_the_replaced_one_as_a_copy(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError("not here")

    monkeypatch.setattr(mechanics.os, "link", no_links)
    done = drill.restore()
    assert drill.rows() == 20
    assert Path(done.replaced).read_bytes()[68:72] == APPLICATION_ID.to_bytes(4)


def test_on_postgresql_the_way_is_named(env: Env, clock: FakeClock) -> None:
    there = read_env(data_dir=str(env.data_dir), values={"DATABASE_URL": "postgresql://h/d"})
    with pytest.raises(InputError, match="pg_restore"):
        restore(there, clock, Path("x.db"))
    assert commands.InstanceLock  # nothing was locked: the folder does not exist
    assert not env.data_dir.exists()
