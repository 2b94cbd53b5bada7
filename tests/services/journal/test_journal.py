"""What the database refuses is kept as files, written back once each, and never lost on the way."""

import asyncio
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlmodel import Session, func, select

from db.engine import Database
from db.queries import journal_marks as marking
from db.tables.e2e_runs import E2eReplyRow
from db.tables.journal import JournalMarkRow
from db.tables.load_runs import PromptTestRow
from services.foundation.tasks import Tasks
from services.journal.service import Journal
from services.journal.types import HELD_BYTES_MAX, Record
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.journal import NOW, REFUSED, TURNS, Switch, content, counts, files, rows_in, turn
from tests.support.postgres import both_stores


@both_stores
async def test_rows_are_kept_as_a_file_and_written_back_and_the_file_is_gone(
    journal: Journal, folder: Path, store: Database
) -> None:
    told: list[int] = []
    journal.changed.subscribe(told.append)
    assert await journal.keep(TURNS, [turn(1), turn(2)], REFUSED)
    (file,) = files(folder)
    found = content(file)
    assert set(found) == {
        "sha256", "schema", "id", "seq", "store", "table", "at", "reason", "rows",
    }  # fmt: skip
    assert (found["table"], found["reason"]) == (TURNS, "full: database or disk is full")
    assert set(found["rows"][0]) <= set(PromptTestRow.model_fields)
    assert (journal.waiting, journal.view.records, journal.view.reason) == (
        2, 1, "full: database or disk is full",
    )  # fmt: skip
    assert counts(await journal.replay()) == (2, 0, 0, 0)
    assert [row.request_message for row in rows_in(store)] == ["hello 1", "hello 2"]
    assert rows_in(store)[0].response_message == "well\ufffd \ufffd done"
    assert rows_in(store)[0].created_at == NOW
    assert files(folder) == []
    assert counts(await journal.replay()) == (0, 0, 0, 0)
    assert told == [2, 0, 0]
    assert (journal.waiting, journal.view.reason, journal.view.since) == (0, "", None)


@both_stores
async def test_a_kill_between_commit_and_unlink_gives_each_row_once(
    journal: Journal, folder: Path, store: Database, tmp_path: Path, clock: FakeClock
) -> None:
    await journal.keep(TURNS, [turn(1), turn(2)], REFUSED)
    (file,) = files(folder)
    shutil.copy(file, tmp_path / file.name)
    await journal.replay()
    shutil.copy(tmp_path / file.name, file)  # the unlink never reached the disk
    journal.close()
    after = Journal(store, clock, Tasks(), folder.parent)
    after.load()
    assert after.waiting == 2
    assert counts(await after.replay()) == (0, 2, 0, 0)
    assert len(rows_in(store)) == 2
    assert files(folder) == []
    after.close()


async def test_a_refusing_database_ends_the_replay_and_everything_waits_on(
    journal: Journal, folder: Path, switch: Switch
) -> None:
    for no in range(110):
        await journal.keep(TURNS, [turn(no)], REFUSED)
    switch.is_full = True
    report = await journal.replay()
    assert counts(report) == (0, 0, 0, 110)
    assert report.reason == "full: database or disk is full"
    assert switch.refused == 1  # one piece, then it does not ask again
    switch.is_full = False
    assert counts(await journal.replay()) == (110, 0, 0, 0)
    assert files(folder) == []


@both_stores
async def test_two_records_of_one_id_are_one(journal: Journal, store: Database) -> None:
    for _ in range(2):  # a writer that does not know whether its first try was kept
        assert await journal.keep(TURNS, [turn(1)], REFUSED, record_id="use_1")
    await journal.keep(TURNS, [turn(2)], REFUSED)
    assert counts(await journal.replay()) == (2, 1, 0, 0)
    assert [row.request_message for row in rows_in(store)] == ["hello 1", "hello 2"]


async def test_two_replays_at_once_write_each_row_once(journal: Journal, store: Database) -> None:
    for no in range(30):
        await journal.keep(TURNS, [turn(no)], REFUSED)
    reports = await asyncio.gather(journal.replay(), journal.replay())
    assert sum(one.rows for one in reports) == 30 == len(rows_in(store))


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder of a memory disk where there is one: making 10,000 files on a busy disk takes a while."""
    shm = Path("/dev/shm")
    with TemporaryDirectory(dir=shm if os.access(shm, os.W_OK) else None) as folder:
        yield Path(folder)


async def test_ten_thousand_records_are_written_back_in_bounded_pieces(
    store: Database, clock: FakeClock, in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(store, clock, Tasks(), in_memory)
    journal.load()
    rows = [{"cell_id": number, "text": "hello", "is_cut": False} for number in range(10_000)]
    one = Record("", 0, "", "e2e_replies", NOW, "full: x", [])
    assert journal._shelf.put(replace(one, id=f"jrn_{n}", rows=[rows[n]]) for n in range(10_000))
    switch = Switch(store, monkeypatch)
    report = await journal.replay()
    assert counts(report) == (10_000, 0, 0, 0)
    assert switch.taken == 100  # a hundred in each transaction, one after the other
    count = select(func.count()).select_from(E2eReplyRow)
    assert store.read_now(lambda s: s.exec(count).one()) == 10_000
    assert files(in_memory / "journal") == []
    journal.close()


async def test_the_order_is_the_order_of_keeping_whatever_the_clock_says(
    journal: Journal, store: Database, clock: FakeClock
) -> None:
    row = turn(1, dialog_id="dlg_1", verdict="running")
    await journal.keep(TURNS, [row], REFUSED)
    clock.jump(-3_600)
    await journal.keep(TURNS, [{**row, "verdict": "ok"}], REFUSED)
    await journal.replay()
    (found,) = rows_in(store)
    assert found.verdict == "ok"  # the later state of the same turn


async def test_without_a_folder_rows_are_held_in_memory_up_to_a_cap_then_refused(
    store: Database, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "runtime").write_text("a file where the folder should be")
    journal = Journal(store, clock, Tasks(), tmp_path / "runtime")
    journal.load()
    assert journal.view.problem
    assert await journal.keep(TURNS, [turn(1)], REFUSED)
    assert (journal.waiting, journal.view.in_memory) == (1, 1)
    long = turn(2, response_message="x" * (HELD_BYTES_MAX // 3))
    for _ in range(2):
        assert await journal.keep(TURNS, [long], REFUSED)
    assert not await journal.keep(TURNS, [long, turn(3)], REFUSED)
    assert (journal.waiting, journal.view.refused) == (3, 2)
    assert "neither the database nor the journal" in caplog.text
    assert counts(await journal.replay()) == (3, 0, 0, 0)
    assert await journal.keep(TURNS, [long, turn(3)], REFUSED)


async def test_a_writers_mistake_is_told_and_never_raised(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    assert not await journal.keep("models", [{"id": 1}], REFUSED)
    assert not await journal.keep(TURNS, [turn(1, colour="red")], REFUSED)
    assert not await journal.keep(TURNS, [{"model": "fast"}], REFUSED)
    assert await journal.keep(TURNS, [], REFUSED)
    assert (journal.waiting, journal.view.refused) == (0, 3)
    assert "unknown ['colour']" in caplog.text


async def test_a_cancelled_caller_takes_nothing_back(journal: Journal, folder: Path) -> None:
    keeping = asyncio.ensure_future(journal.keep(TURNS, [turn(1)], REFUSED))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    await until(lambda: journal.waiting)
    assert len(files(folder)) == 1


async def test_the_log_is_told_once_an_incident(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="services.journal.service")
    for no in range(5):
        await journal.keep(TURNS, [turn(no)], REFUSED)
    await journal.replay()
    await journal.keep(TURNS, [turn(9)], REFUSED)
    lines = [line.message for line in caplog.records if line.name == "services.journal.service"]
    assert len(lines) == 3
    assert lines[0].startswith("the database refuses results (full: database or disk is full)")
    assert lines[1] == "5 results written back, 0 were there already, 0 put aside, 0 wait"


async def test_it_is_written_back_by_itself_soon_after_the_database_takes_changes(
    journal: Journal, switch: Switch, store: Database, clock: FakeClock
) -> None:
    await journal.start()
    switch.is_full = True
    await journal.keep(TURNS, [turn(1)], REFUSED)
    for _ in range(5):
        await clock.advance(1.0)
    assert journal.waiting == 1
    switch.is_full = False
    async with asyncio.timeout(5):
        while journal.waiting:
            await clock.advance(1.0)
            await asyncio.sleep(0.01)
    assert len(rows_in(store)) == 1
    await journal.stop()


async def test_marks_of_records_that_are_long_gone_are_forgotten(
    journal: Journal, store: Database, clock: FakeClock
) -> None:
    await journal.start()
    await journal.keep(TURNS, [turn(1)], REFUSED)
    await journal.replay()
    await journal.stop()

    def marks(session: Session) -> list[str]:
        return list(session.exec(select(JournalMarkRow.id)).all())

    before = store.read_now(marks)
    assert len(before) == 2
    await clock.advance(8 * 86_400)
    await journal.start()
    assert store.read_now(marks) == [store.read_now(marking.read_identity)]
    await journal.stop()
