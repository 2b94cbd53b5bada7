"""Reading back: bounded pages, nothing twice and nothing left out, whatever turns over meanwhile."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.engine import Database
from services.foundation.actor import acting_as
from services.logs import file, reader
from services.logs.rules import fair, file_line, read_line
from services.logs.service import Logs
from services.logs.types import LogEntry, LogFilter, LogLevel
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock

log = logging.getLogger("reading.tests")
EVERYTHING = LogFilter(LogLevel.INFO)
SECRET = "known-only-since-a-minute"


@pytest.fixture
async def logs(
    settings: Settings, clock: FakeClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Logs]:
    monkeypatch.setattr(file, "MB", 2_000)
    monkeypatch.setattr(reader, "BLOCK", 700)  # lines lie across blocks
    made = Logs(settings, clock, list, database)
    made.install()
    yield made
    made.remove()


async def whole(logs: Logs, wanted: LogFilter, limit: int) -> list[str]:
    texts: list[str] = []
    _, place = logs.now()
    while place is not None:
        page = await logs.page(wanted, place, limit)
        texts += [entry.text for entry in page.entries]
        place = page.next
    return texts


async def test_pages_back_through_every_file_have_each_line_once(logs: Logs) -> None:
    for n in range(500):
        log.log(logging.WARNING if n % 3 else logging.INFO, "line %d", n)
    assert logs.state().files > 2
    assert await whole(logs, EVERYTHING, 37) == [f"line {n}" for n in range(499, -1, -1)]
    some = [f"line {n}" for n in range(499, -1, -1) if n % 3]
    assert await whole(logs, LogFilter(), 50) == some


async def test_a_file_that_turns_over_while_one_reads_leaves_no_gap(logs: Logs) -> None:
    for n in range(150):
        log.warning("line %d", n)
    seq, place = logs.now()
    first = await logs.page(LogFilter(), place, 20)
    before = logs.state().files
    for n in range(150, 300):
        log.warning("line %d", n)
    assert logs.state().files > before
    texts = [entry.text for entry in first.entries]
    place = first.next
    while place is not None:
        page = await logs.page(LogFilter(), place, 20)
        texts += [entry.text for entry in page.entries]
        place = page.next
    assert texts == [f"line {n}" for n in range(149, -1, -1)]
    news = logs.since(seq, LogFilter(), 1_000)
    assert [entry.text for entry in news.entries] == [f"line {n}" for n in range(150, 300)]


async def test_a_page_reads_a_bounded_stretch_and_says_how_far(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.error("the needle")
    for n in range(300):
        log.warning("hay %d", n)
    _, place = logs.now()
    found = logs._reader.page(LogFilter(text="needle"), place, scan_bytes=2_000)
    assert not found.entries
    assert found.next is not None
    assert found.searched_to is not None
    assert await whole(logs, LogFilter(text="NEEDLE"), 10) == ["the needle"]


async def test_each_filter_finds_its_lines(logs: Logs) -> None:
    with acting_as("ann-7", "exe_42"):
        log.info("hers")
    with acting_as("bob", "req-1"):
        logging.getLogger("other").warning("his")
    now = datetime.now(UTC)
    for wanted, texts in (
        (LogFilter(LogLevel.INFO, user="ANN"), ["hers"]),
        (LogFilter(LogLevel.INFO, request="exe_"), ["hers"]),
        (LogFilter(LogLevel.INFO, logger="oth"), ["his"]),
        (LogFilter(), ["his"]),
        (LogFilter(LogLevel.ERROR), []),
        (LogFilter(LogLevel.INFO, since=now + timedelta(minutes=1)), []),
        (LogFilter(LogLevel.INFO, until=now - timedelta(minutes=1)), []),
        (LogFilter(LogLevel.INFO, since=now - timedelta(minutes=1), until=now), ["his", "hers"]),
    ):
        assert await whole(logs, wanted, 10) == texts, wanted
        assert [e.text for e in reversed(logs.since(0, wanted).entries)] == texts, wanted


async def test_a_secret_that_was_not_known_when_it_was_logged_is_masked_when_it_is_read(
    settings: Settings, clock: FakeClock, database: Database
) -> None:
    known: list[str] = []
    logs = Logs(settings, clock, lambda: known, database)
    logs.install()
    try:
        log.warning("the value is %s", SECRET)
        known.append(SECRET)
        await clock.advance(10)
        assert await whole(logs, LogFilter(), 10) == ["the value is ***"]
        assert await whole(logs, LogFilter(text=SECRET), 10) == []  # no search can confirm it
        for as_text in (True, False):
            assert SECRET not in "".join(logs.export(EVERYTHING, as_text=as_text))
    finally:
        logs.remove()


def test_a_text_with_line_ends_stays_one_line_and_comes_back_equal() -> None:
    entry = LogEntry(
        datetime.now(UTC), "ERROR", 40, 'a\r\nforged {"level": "INFO"}\x00é', "x", "u", "r"
    )
    line = file_line(entry)
    assert "\n" not in line
    assert "\r" not in line
    assert read_line(line.encode()) == entry
    assert not reader.is_below(line.encode(), LogLevel.ERROR)
    for torn in (line[:-3], "", "null", "[]", '{"time": 1}'):
        assert read_line(torn.encode()) is None


async def test_a_download_has_every_wanted_line_oldest_first(logs: Logs) -> None:
    for n in range(100):
        log.warning("line %d", n)
    log.error("broke\nbecause")
    lines = "".join(logs.export(EVERYTHING, as_text=False)).splitlines()
    assert [json.loads(line)["text"] for line in lines[:-1]] == [f"line {n}" for n in range(100)]
    text = "".join(logs.export(LogFilter(LogLevel.ERROR), as_text=True))
    assert text.endswith(" ERROR - - reading.tests: broke\n    because\n")
    assert text.count("\n") == 2


def test_a_flood_of_one_level_leaves_a_share_to_the_others() -> None:
    entry = LogEntry(datetime.now(UTC), "INFO", 20, "", "", "", "")
    errors = [replace(entry, level="ERROR", level_no=40, seq=1)]
    infos = [replace(entry, seq=n) for n in range(2, 1_000)]
    found = fair([errors, [], infos], 100)
    assert len(found) == 100
    assert found[-1].seq == 1
    assert [one.seq for one in found[:99]] == list(range(999, 900, -1))
    assert fair([errors, infos], 1)[0].seq == 999


async def test_size_level_and_number_of_files_act_at_once(logs: Logs, settings: Settings) -> None:
    for n in range(400):
        log.warning("line %d %s", n, "x" * 200)
    assert logs.state().files == 6
    await settings.change({"log_files_kept": 2, "log_file_mb": 1, "log_level": "ERROR"})
    assert logs.state().files == 3
    seq = logs.seq
    log.warning("not recorded")
    log.error("recorded")
    assert logs.seq == seq + 1
    await settings.change({"log_level": "DEBUG"})
    log.debug("this too")
    assert logs.seq == seq + 2


def test_a_disk_that_is_full_is_counted_and_ends_nothing(logs: Logs) -> None:
    class Full:
        def write(self, _text: str) -> None:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            return

        def seek(self, *_where: int) -> None:
            return

        def tell(self) -> int:
            return 0

        def close(self) -> None:
            return

    assert logs._file is not None
    logs._file.close()
    logs._file.stream = Full()  # pyright: ignore[reportAttributeAccessIssue]
    log.error("one")
    log.error("two")
    state = logs.state()
    assert (state.lost, state.reason) == (2, "[Errno 28] No space left on device")
    assert [entry.text for entry in logs.recent()] == ["two", "one"]


async def test_a_thousand_lines_a_second_stay_bounded_and_the_file_whole(
    settings: Settings, clock: FakeClock, database: Database, env: Env
) -> None:
    """W9, O7: ten seconds' worth at once; CPU a line, rings, the pushes of a page, the file."""
    logs = Logs(settings, clock, lambda: [f"secret-number-{n}" for n in range(40)], database)
    logs.install()
    try:
        pushed = missed = 0
        seq = logs.seq
        begun = time.process_time()
        for n in range(10_000):
            log.info("request %d of user-%d took %d ms", n, n % 7, n % 900)
            if n % 500 == 0:
                log.error("broke at %d", n)
            if n % 500 == 499:  # a page looks twice a second
                news = logs.since(seq, EVERYTHING)
                seq, pushed, missed = news.seq, pushed + len(news.entries), missed + news.missed
        spent_s = time.process_time() - begun
        assert spent_s / 10 < 0.35, f"{spent_s / 10:.3f} s of CPU for a second's lines"
        assert pushed + missed == 10_020
        assert pushed <= 20 * 200
        assert len(logs.recent(LogLevel.ERROR, 1_000)) == 20  # none was pushed out
        assert len(logs.recent(LogLevel.INFO, 1_000)) <= 300
        path = Path(env.logs_dir) / "console.jsonl"
        texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
        assert [t for t in texts if t.startswith("req")] == [
            f"request {n} of user-{n % 7} took {n % 900} ms" for n in range(10_000)
        ]
    finally:
        logs.remove()


async def test_followers_are_told_a_few_times_a_second_from_any_thread(logs: Logs) -> None:

    told: list[int] = []
    logs.changed.subscribe(told.append)
    begun = time.monotonic()

    def say() -> None:
        while time.monotonic() - begun < 0.7:
            log.warning("x")
            time.sleep(0.001)

    await asyncio.to_thread(say)
    await asyncio.sleep(0.3)
    assert told[-1] == logs.seq
    assert 2 <= len(told) <= 7
