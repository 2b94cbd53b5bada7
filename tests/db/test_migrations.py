"""Upgrades: copied before, all or nothing, told."""

import hashlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from db.boot import StorePlace, open_store
from db.connect import build_engine, sqlite_url
from db.errors import StoreRefusedError
from db.migrations.head import SHIPPED, Revisions
from db.migrations.runner import downgrade, upgrade
from tests.support.store import NOW, StoreFolder, add_rows, count_rows

NEXT = SHIPPED.head + 1
REVISION = '''"""A next step."""
import os
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{number:04d}", "{before:04d}", None, None


def upgrade() -> None:
    op.add_column("llm_app_settings", sa.Column("note", sa.String(), nullable=True))
    op.execute("UPDATE llm_app_settings SET note = 'was here'")
    {fault}
    op.create_table("fresh", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("fresh")
    with op.batch_alter_table("llm_app_settings") as batch:
        batch.drop_column("note")
'''


def revisions_with(tmp_path: Path, fault: str = "") -> Revisions:
    """The shipped revisions and one more, that fails at the given line."""
    folder = tmp_path / "versions"
    folder.mkdir()
    for path in SHIPPED.folder.glob("[0-9]*.py"):
        shutil.copy(path, folder)
    text = REVISION.format(number=NEXT, before=SHIPPED.head, fault=fault or "pass")
    (folder / f"{NEXT:04d}_next.py").write_text(text)
    return Revisions(folder)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_old_database_is_copied_then_upgraded_with_its_rows(
    folder: StoreFolder, tmp_path: Path
) -> None:
    folder.fill(25)
    store = folder.open(revisions=revisions_with(tmp_path))
    [notice] = store.report.notices
    assert notice.code == "upgraded"
    assert store.report.version == NEXT
    assert store.database.read_now(count_rows) == 25
    store.database.close_now()
    raw = folder.raw()
    assert raw.execute("SELECT DISTINCT note FROM llm_app_settings").fetchall() == [("was here",)]
    assert raw.execute("PRAGMA user_version").fetchone() == (NEXT,)
    raw.close()
    copy = sqlite3.connect(folder.backups / f"pre-v{NEXT}-{NOW:%Y%m%dT%H%M%SZ}.db")
    assert copy.execute("SELECT count(*) FROM llm_app_settings").fetchone() == (25,)
    assert copy.execute("PRAGMA user_version").fetchone() == (SHIPPED.head,)
    copy.close()


@pytest.mark.parametrize(
    "fault",
    [
        "raise ValueError('broken step')",
        "op.execute('SELECT * FROM nowhere')",
        "op.execute('PRAGMA max_page_count=10'); op.execute("
        "\"INSERT INTO llm_app_settings SELECT hex(randomblob(8)), hex(zeroblob(9000)), '', '', ''"
        ' FROM llm_app_settings a, llm_app_settings b")',
    ],
)
def test_a_failing_upgrade_leaves_the_file_as_it_was(
    folder: StoreFolder, tmp_path: Path, fault: str
) -> None:
    folder.fill(25)
    before = digest(folder.path)
    with pytest.raises(StoreRefusedError) as caught:
        folder.open(revisions=revisions_with(tmp_path, fault))
    assert caught.value.notice.code == "migration_failed"
    assert "Nothing was changed" in str(caught.value)
    assert digest(folder.path) == before
    assert len(list(folder.backups.glob(f"pre-v{NEXT}-*.db"))) == 1
    store = folder.open()  # the program before the update still works
    assert store.database.read_now(count_rows) == 25
    store.database.close_now()


def test_without_a_good_copy_nothing_is_upgraded(folder: StoreFolder, tmp_path: Path) -> None:
    folder.fill(5)
    before = digest(folder.path)
    folder.backups.write_text("a file where the folder should be")
    with pytest.raises(StoreRefusedError) as caught:
        folder.open(revisions=revisions_with(tmp_path))
    assert caught.value.notice.code == "copy_failed"
    assert digest(folder.path) == before


def test_an_old_database_on_a_full_disk_is_not_upgraded(
    folder: StoreFolder, tmp_path: Path
) -> None:
    folder.fill(5)
    with pytest.raises(StoreRefusedError) as caught:
        folder.open(revisions=revisions_with(tmp_path), min_free_bytes=1 << 60)
    assert caught.value.notice.code == "read_only_upgrade"


@pytest.mark.postgres
def test_a_failing_upgrade_leaves_postgres_as_it_was(
    postgres_url: str, folder: StoreFolder, tmp_path: Path
) -> None:
    def place(revisions: Revisions) -> StorePlace:
        return replace(folder.place(revisions=revisions), url=postgres_url, path=None)

    first = open_store(place(SHIPPED), NOW)
    first.database.write_now(lambda session: add_rows(session, range(5)))
    first.database.close_now()
    with pytest.raises(StoreRefusedError) as caught:
        open_store(place(revisions_with(tmp_path, "raise ValueError('broken step')")), NOW)
    assert caught.value.notice.code == "migration_undone"
    again = open_store(place(SHIPPED), NOW)
    assert again.report.version == SHIPPED.head
    assert again.database.read_now(count_rows) == 5
    again.database.close_now()
    shutil.rmtree(tmp_path / "versions")
    newer = open_store(place(revisions_with(tmp_path)), NOW)
    assert newer.report.version == NEXT
    assert newer.database.read_now(count_rows) == 5
    newer.database.close_now()


@pytest.mark.parametrize("line", ["os.kill(os.getpid(), 9)", "pass"])
def test_a_kill_during_an_upgrade_leaves_the_old_schema_or_the_new_one(
    folder: StoreFolder, tmp_path: Path, line: str
) -> None:
    folder.fill(25)
    revisions = revisions_with(tmp_path, line)
    code = (
        "import os, sys; from pathlib import Path; from tests.support.store import *\n"
        "from db.migrations.head import Revisions\n"
        "StoreFolder(Path(sys.argv[1])).open(revisions=Revisions(Path(sys.argv[2])))\n"
        "os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(folder.data_dir), str(revisions.folder)]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    raw = folder.raw()
    columns = {row[1] for row in raw.execute("PRAGMA table_info(llm_app_settings)")}
    tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
    version = raw.execute("PRAGMA user_version").fetchone()[0]
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert ("note" in columns) == ("fresh" in tables) == (version == NEXT) == (line == "pass")
    raw.close()
    assert not list(folder.backups.glob("*.part"))


KILLED_AT_EACH = """
import os, shutil, sys
from pathlib import Path
from sqlalchemy import Engine, event
from db.migrations import runner  # noqa: F401  # loaded before the forks
from db.migrations.head import Revisions
from tests.support.store import StoreFolder

source, target, revisions = Path(sys.argv[1]), Path(sys.argv[2]), Revisions(Path(sys.argv[3]))
for number in range(1, 500):
    copy = target / str(number)
    shutil.copytree(source, copy)
    child = os.fork()
    if child == 0:
        left = [number]

        def count(*_):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), 9)

        event.listen(Engine, "before_cursor_execute", count)
        StoreFolder(copy).open(revisions=revisions)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        print(number - 1)
        break
"""


def test_a_kill_at_any_statement_of_an_upgrade_leaves_the_old_schema_or_the_new_one(
    folder: StoreFolder, tmp_path: Path
) -> None:
    folder.fill(3)
    revisions, target = revisions_with(tmp_path), tmp_path / "copies"
    target.mkdir()
    command = [sys.executable, "-c", KILLED_AT_EACH]
    command += [str(folder.data_dir), str(target), str(revisions.folder)]
    told = subprocess.run(command, timeout=60, check=True, capture_output=True, text=True)
    assert int(told.stdout) == len(list(target.iterdir())) - 1 > 5
    found: set[bool] = set()
    for copy in target.iterdir():
        raw = sqlite3.connect(copy / folder.path.name)
        columns = {row[1] for row in raw.execute("PRAGMA table_info(llm_app_settings)")}
        tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
        is_new = raw.execute("PRAGMA user_version").fetchone() == (NEXT,)
        assert ("note" in columns) == ("fresh" in tables) == is_new
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()
        found.add(is_new)
    assert found == {False, True}


def test_rebuilding_a_parent_table_keeps_its_children(tmp_path: Path) -> None:
    """With foreign keys on, SQLite would delete the children of a table dropped for a rebuild."""
    engine = build_engine(sqlite_url(str(tmp_path / "a.db")), writes=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY, a TEXT, b TEXT)")
        connection.exec_driver_sql(
            "CREATE TABLE child (id INTEGER PRIMARY KEY,"
            " p INTEGER REFERENCES parent(id) ON DELETE CASCADE)"
        )
        connection.exec_driver_sql("INSERT INTO parent VALUES (1, 'x', 'y')")
        connection.exec_driver_sql("INSERT INTO child VALUES (7, 1)")
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_drop.py").write_text(
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = '0001', None, None, None\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('parent', recreate='always') as batch:\n"
        "        batch.drop_column('b')\n"
        "def downgrade(): pass\n"
    )
    upgrade(engine, revisions=Revisions(folder))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id, p FROM child")).all() == [(7, 1)]
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()


def test_a_step_that_leaves_orphans_is_undone(tmp_path: Path) -> None:
    engine = build_engine(sqlite_url(str(tmp_path / "a.db")), writes=True)
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_orphan.py").write_text(
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = '0001', None, None, None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE parent (id INTEGER PRIMARY KEY)')\n"
        "    op.execute('CREATE TABLE child (p INTEGER REFERENCES parent(id))')\n"
        "    op.execute('INSERT INTO child VALUES (5)')\n"
        "def downgrade(): pass\n"
    )
    with pytest.raises(ValueError, match="without their parents"):
        upgrade(engine, revisions=Revisions(folder))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
    engine.dispose()


def test_the_way_down_removes_our_mark_too(tmp_path: Path) -> None:
    path = tmp_path / "down.db"
    engine = build_engine(sqlite_url(str(path)), writes=True)
    upgrade(engine)
    downgrade(engine, 0)
    engine.dispose()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (0,)
    assert raw.execute("PRAGMA application_id").fetchone() == (0,)
    raw.close()


def test_a_folder_with_odd_characters_holds_revisions(tmp_path: Path) -> None:
    odd = tmp_path / "50% off, really"
    odd.mkdir()
    revisions = revisions_with(odd)
    engine = build_engine(sqlite_url(str(tmp_path / "x.db")), writes=True)
    upgrade(engine, revisions=revisions)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA user_version")).scalar() == NEXT
    engine.dispose()
