"""kill -9 and a disk that is really full: every row that was acknowledged is there once, in the end."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from db.connect import sqlite_url
from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.tables.load_runs import PromptTestRow
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.journal.service import Journal
from services.journal.types import JournalView
from tests.support.journal import files, turn
from tests.support.store import StoreFolder

CHILD = [sys.executable, "-m", "tests.support.journal_child"]
ROOT = Path(__file__).resolve().parents[3]


def run_child(folder: Path, start: int, *, kill_after: int | None) -> set[int]:
    """Run the child until it is killed, or kills itself; return the numbers it acknowledged."""
    options = [str(start)] + (["kill"] if kill_after is None else [])
    process = subprocess.Popen(
        [*CHILD, str(folder), *options], stdout=subprocess.PIPE, bufsize=0, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    told = b""
    if kill_after is not None:
        while told.count(b"\n") < kill_after:
            told += os.read(process.stdout.fileno(), 65_536)
        process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    return {int(word) for word in (told + rest).decode().split("\n")[:-1]}


def numbers_in(session: Session) -> list[str]:
    return list(session.exec(select(PromptTestRow.request_message)).all())


async def settle(folder: Path) -> tuple[Counter[str], JournalView, tuple[int, int]]:
    """Start once more and write back; return the rows, the journal, and what was new and known."""
    store = StoreFolder(folder).open()
    journal = Journal(store.database, SystemClock(), Tasks(), folder)
    journal.load()
    report = await journal.replay()
    found = Counter(store.database.read_now(numbers_in))
    journal.close()
    store.database.close_now()
    return found, journal.view, (report.rows, report.known)


async def test_a_process_killed_between_commit_and_unlink_leaves_each_row_once(
    tmp_path: Path,
) -> None:
    told = run_child(tmp_path, 0, kill_after=None)
    assert told == set(range(7))
    assert len(files(tmp_path / "journal")) == 7
    found, view, (new, known) = await settle(tmp_path)
    assert (new, known) == (0, 7)
    assert found == Counter({f"hello {n}": 1 for n in told})
    assert (files(tmp_path / "journal"), view.waiting, view.put_aside) == ([], 0, ())


async def test_no_acknowledged_row_is_lost_or_doubled_over_many_kills(tmp_path: Path) -> None:
    chance = random.Random(11)
    acknowledged: set[int] = set()
    start = 0
    for _ in range(3):
        acknowledged |= run_child(tmp_path, start, kill_after=chance.randint(1, 60))
        start = max(acknowledged) + 100  # whatever was begun and not acknowledged
    found, view, _ = await settle(tmp_path)
    assert {f"hello {n}" for n in acknowledged} <= set(found)
    assert set(found.values()) == {1}
    assert (files(tmp_path / "journal"), view.waiting, view.put_aside) == ([], 0, ())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounts a small disk: needs root")
    point = tmp_path / "disk"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(point)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mounts")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


@pytest.fixture
def small_store(small_disk: Path, empty_store: Path) -> Iterator[Database]:
    """A database on it; the store's own start would refuse a disk below 200 MB."""
    path = small_disk / "gymbro.sqlite3"
    shutil.copyfile(empty_store, path)
    store = Database(sqlite_url(str(path)))
    yield store
    store.close_now()


def fill(disk: Path) -> Path:
    """Leave no room for anything."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return path


async def refused_rows(database: Database) -> DatabaseUnavailableError:
    """Write until the store refuses."""

    def change(session: Session) -> None:
        session.add(PromptTestRow(**turn(-1, response_message="x" * 200_000)))

    for _ in range(200):
        try:
            await database.write(change)
        except DatabaseUnavailableError as error:
            return error
    raise AssertionError("the disk is not full")


async def test_a_full_disk_uses_the_reserve_then_memory_and_loses_nothing(
    small_disk: Path, small_store: Database
) -> None:
    journal = Journal(small_store, SystemClock(), Tasks(), small_disk)
    journal.load()
    assert journal.view.reserve_bytes == 4 << 20
    filler = fill(small_disk)
    error = await refused_rows(small_store)
    assert error.reason in {"full", "io"}
    stored = len(small_store.read_now(numbers_in))  # what was acknowledged can still be read

    noise = os.urandom(300_000).hex()  # 600 kB of it, compressed to a half
    kept = 0
    while not journal.view.in_memory:
        assert await journal.keep("ai_prompt_tests", [turn(kept, response_message=noise)], error)
        kept += 1
    view = journal.view
    assert view.in_reserve == kept - 1 >= 8
    assert (view.in_memory, view.waiting) == (1, kept)
    assert files(small_disk / "journal") == []
    assert "held in memory" in str(journal.notices[0])
    assert (await journal.replay()).left == kept

    filler.unlink()
    report = await journal.replay()
    assert (report.rows, report.left) == (kept, 0)
    found = Counter(small_store.read_now(numbers_in))
    assert [found[f"hello {n}"] for n in range(kept)] == [1] * kept
    assert found["hello -1"] == stored
    assert (journal.view.reserve_used_bytes, journal.notices) == (0, [])
    journal.close()


async def test_what_lies_in_the_reserve_is_found_by_the_next_start(
    small_disk: Path, small_store: Database
) -> None:
    journal = Journal(small_store, SystemClock(), Tasks(), small_disk)
    journal.load()
    filler = fill(small_disk)
    assert await journal.keep("ai_prompt_tests", [turn(1), turn(2)], "full: x")
    assert journal.view.in_reserve == 2
    journal.close()  # as after a kill: nothing was written back
    filler.unlink()
    after = Journal(small_store, SystemClock(), Tasks(), small_disk)
    after.load()
    assert after.waiting == 2
    assert (await after.replay()).rows == 2
    assert Counter(small_store.read_now(numbers_in)) == Counter({"hello 1": 1, "hello 2": 1})
    after.close()
