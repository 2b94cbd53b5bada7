"""Verified copies of the database: how many are kept, what they hold."""

import shutil
import sqlite3
from datetime import timedelta

from db.boot.copies import copy_before, list_copies
from db.connect import APPLICATION_ID
from tests.support.store import NOW, StoreFolder, add_rows


def test_only_three_copies_of_upgrades_are_kept(folder: StoreFolder) -> None:
    folder.fill(3)
    mine = folder.backups / "weekly.db"
    for day in range(6):
        made = copy_before(folder.path, folder.backups, 2, NOW + timedelta(days=day))
        if day == 0:
            shutil.copyfile(made, mine)
    names = sorted(path.name for path in list_copies(folder.backups))
    assert names == [
        "pre-v2-20261127T050000Z.db",
        "pre-v2-20261128T050000Z.db",
        "pre-v2-20261129T050000Z.db",
        "weekly.db",
    ]


def test_a_copy_holds_what_the_log_holds(folder: StoreFolder) -> None:
    store = folder.open()
    store.database.write_now(lambda session: add_rows(session, range(10)))
    copy = copy_before(folder.path, folder.backups, 2, NOW)
    raw = sqlite3.connect(copy)
    assert raw.execute("SELECT count(*) FROM llm_app_settings").fetchone() == (10,)
    assert raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    raw.close()
    store.database.close_now()
