"""Each level has room of its own; every line is masked, whose it is known, and in the file."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Database
from services.foundation.actor import acting_as
from services.logs import file
from services.logs.service import Logs
from services.logs.types import LogLevel
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock

log = logging.getLogger("tests.logs")
WRITER = "test_a_line_says_when_by_what_for_whom_and_in_which_request"


@pytest.fixture
def logs(settings: Settings, clock: FakeClock, database: Database) -> Iterator[Logs]:
    log.setLevel(logging.INFO)
    logs = Logs(settings, clock, lambda: ["hunter2-of-the-operator"], database)
    logs.install()
    yield logs
    logs.remove()


def texts(logs: Logs, level: LogLevel = LogLevel.WARNING, limit: int = 100) -> list[str]:
    return [entry.text for entry in logs.recent(level, limit)]


def lines(env: Env) -> list[dict]:
    return [json.loads(line) for line in (env.logs_dir / "console.jsonl").read_text().splitlines()]


def test_500_info_lines_leave_the_error_and_the_warning_visible(logs: Logs, env: Env) -> None:
    log.error("it broke")
    log.warning("it may break")
    for n in range(500):
        log.info("line %d", n)
    assert texts(logs) == ["it may break", "it broke"]
    assert texts(logs, LogLevel.ERROR) == ["it broke"]
    assert texts(logs, LogLevel.INFO)[0] == "line 499"
    assert len(lines(env)) == 502


async def test_the_window_keeps_as_many_as_set_and_shrinks_at_once(
    logs: Logs, settings: Settings
) -> None:
    for n in range(150):
        log.warning("%d", n)
    assert len(logs.recent(limit=1_000)) == 100
    await settings.change({"log_retention_size": 10})
    assert texts(logs) == [str(n) for n in range(149, 139, -1)]
    assert texts(logs, limit=2) == ["149", "148"]


def test_a_line_says_when_by_what_for_whom_and_in_which_request(logs: Logs, env: Env) -> None:
    with acting_as("user-7", "req-9"):
        log.error("refused")
    log.error("own work")
    own, entry = logs.recent()
    assert (entry.user_id, entry.request_id) == ("user-7", "req-9")
    assert (own.user_id, own.request_id) == ("", "")
    assert (entry.logger, entry.level, entry.level_no) == ("tests.logs", "ERROR", 40)
    assert (entry.module, entry.function) == ("test_logs", WRITER)
    first, second = lines(env)
    assert set(first) == {"time", "level", "user_id", "request_id", "logger", "text"}
    assert first["user_id"] == "user-7"
    assert second["user_id"] is None
    assert first["time"].endswith("+00:00")


def test_no_secret_reaches_the_window_or_the_file(logs: Logs, env: Env) -> None:
    log.warning("got %s and sk-abcdefgh12345678", "hunter2-of-the-operator")
    failure = ValueError("password=hunter2-of-the-operator")
    log.error("it failed", exc_info=failure)
    shown = " ".join(texts(logs)) + (env.logs_dir / "console.jsonl").read_text()
    assert "hunter2" not in shown
    assert "abcdefgh" not in shown
    assert "ValueError" in shown


def test_a_folder_that_cannot_be_written_leaves_the_memory(
    settings: Settings, clock: FakeClock, env: Env, database: Database
) -> None:
    env.logs_dir.parent.mkdir(parents=True, exist_ok=True)
    env.logs_dir.write_text("a file is in the way")
    logs = Logs(settings, clock, list, database)
    logs.install()
    try:
        log.error("kept")
        assert texts(logs, LogLevel.ERROR) == ["kept"]
    finally:
        logs.remove()


def test_the_file_turns_over_and_old_ones_go(
    settings: Settings,
    clock: FakeClock,
    env: Env,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(file, "MB", 200)  # ten "megabytes" are 2,000 bytes
    logs = Logs(settings, clock, list, database)
    logs.install()
    for n in range(200):
        log.warning("line %d %s", n, "x" * 100)
    logs.remove()
    found = sorted(path.name for path in Path(env.logs_dir).iterdir())
    assert found == ["console.jsonl", *(f"console.jsonl.{n}" for n in range(1, 6))]
    assert lines(env)[-1]["text"].startswith("line 199 ")


async def test_lines_from_many_threads_are_all_kept(logs: Logs, env: Env) -> None:
    def say(thread: int) -> None:
        for n in range(200):
            log.warning("%d-%d", thread, n)

    await asyncio.gather(*(asyncio.to_thread(say, thread) for thread in range(5)))
    assert len({line["text"] for line in lines(env)}) == 1_000
