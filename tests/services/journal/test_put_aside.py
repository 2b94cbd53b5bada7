"""What is no whole record, or no table takes, is put aside with its reason; its neighbours are written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.engine import Database
from services.foundation.tasks import Tasks
from services.journal.records import encode, file_name
from services.journal.service import Journal
from tests.support.clock import FakeClock
from tests.support.journal import (
    REFUSED,
    TURNS,
    content,
    counts,
    files,
    names_in,
    rows_in,
    turn,
)
from tests.support.postgres import both_stores


async def test_files_that_are_no_records_are_put_aside_and_shown(
    journal: Journal, folder: Path, store: Database
) -> None:
    await journal.keep(TURNS, [turn(1)], REFUSED)
    await journal.keep(TURNS, [turn(2)], REFUSED)
    torn, _ = files(folder)
    torn.write_bytes(torn.read_bytes()[:-30])
    (folder / "notes.txt").write_text("not ours")
    (folder / "link.json").symlink_to("/etc/passwd")
    foreign = "0000000009-ai_prompt_tests-1-jrn_x.json"
    (folder / foreign).write_text('{"schema": 9, "sha256": ""}')
    report = await journal.replay()
    assert counts(report) == (1, 0, 2, 0)
    reasons = {one.name: one.reason for one in journal.view.put_aside}
    assert "no JSON" in reasons[torn.name]
    assert "schema is 9" in reasons[foreign]
    assert "its name" in reasons["notes.txt"]
    assert "its name" in reasons["link.json"]
    assert [row.request_message for row in rows_in(store)] == ["hello 2"]
    assert names_in(folder) == ["quarantine", "reserve.ring"]


async def test_a_file_that_was_mended_and_put_back_is_written(
    journal: Journal, folder: Path, store: Database
) -> None:
    await journal.keep(TURNS, [turn(1)], REFUSED)
    (file,) = files(folder)
    whole = file.read_bytes()
    file.write_bytes(b"{")
    await journal.replay()
    assert (journal.waiting, rows_in(store)) == (0, [])
    file.write_bytes(whole)
    assert counts(await journal.replay()) == (1, 0, 0, 0)
    assert len(rows_in(store)) == 1


@both_stores
async def test_bad_rows_are_put_aside_and_their_neighbours_written(
    journal: Journal, folder: Path, store: Database
) -> None:
    rows = [turn(1), turn(2, run_no=99, no=1), turn(3), turn(4, latency_ms=2**80)]
    await journal.keep(TURNS, rows, REFUSED)
    assert counts(await journal.replay()) == (2, 0, 2, 0)
    assert [row.request_message for row in rows_in(store)] == ["hello 1", "hello 3"]
    (aside,) = files(folder / "quarantine")
    assert [row["request_message"] for row in content(aside)["rows"]] == ["hello 2", "hello 4"]
    (shown,) = journal.view.put_aside
    assert "no load run number 99" in shown.reason
    aside.rename(folder / aside.name)  # moved back, it is a record like any other
    assert counts(await journal.replay()) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"table": "models"}, "no table models"),
        ({"store": "store_other"}, "another database"),
    ],
)
async def test_a_record_of_another_table_or_database_is_put_aside(
    journal: Journal, folder: Path, store: Database, change: dict[str, Any], reason: str
) -> None:
    await journal.start()
    await journal.keep(TURNS, [turn(1)], REFUSED)
    (entry,) = journal._shelf.ordered()
    record = journal._shelf.read(entry)
    assert record is not None
    assert record.store.startswith("store_db_")
    other = replace(record, **change)
    (folder / entry.name).unlink()
    (folder / file_name(other)).write_bytes(encode(other))
    assert counts(await journal.replay())[2] == 1
    assert reason in journal.view.put_aside[0].reason
    assert rows_in(store) == []
    await journal.stop()


async def test_a_half_written_file_is_finished_or_put_aside_at_the_next_start(
    journal: Journal, folder: Path, store: Database, clock: FakeClock
) -> None:
    await journal.keep(TURNS, [turn(1)], REFUSED)
    await journal.keep(TURNS, [turn(2)], REFUSED)
    await journal.keep(TURNS, [turn(3)], REFUSED)
    whole, torn, _ = files(folder)
    whole.rename(folder / f"{whole.name}.tmp")
    (folder / f"{torn.name}.tmp").write_bytes(torn.read_bytes()[:100])
    torn.unlink()
    (folder / "empty.tmp").touch()
    journal.close()
    after = Journal(store, clock, Tasks(), folder.parent)
    after.load()
    assert after.waiting == 2
    assert "half written" in after.view.put_aside[0].reason
    assert not [name for name in names_in(folder) if name.endswith(".tmp")]
    await after.replay()
    assert [row.request_message for row in rows_in(store)] == ["hello 1", "hello 3"]
    after.close()
