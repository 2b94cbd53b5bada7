"""Trouble inside of logging itself: it makes no further lines, ends no work and is said once."""

import json
import logging
from collections.abc import Iterator

import pytest

from db.engine import Database
from services.logs.service import Logs
from services.logs.types import LogLevel
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock

log = logging.getLogger("trouble.tests")


class Chatty:
    """Logs while it is being written."""

    def __str__(self) -> str:
        log.error("said while a line was being kept")
        return "chatty"


class Broken:
    """Cannot be written."""

    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.fixture
def logs(settings: Settings, clock: FakeClock, database: Database) -> Iterator[Logs]:
    log.setLevel(logging.INFO)
    made = Logs(settings, clock, list, database)
    made.install()
    yield made
    made.remove()


def texts(logs: Logs) -> list[str]:
    return [entry.text for entry in logs.recent(LogLevel.INFO, 100)]


def test_a_value_that_logs_while_it_is_written_gives_one_line_and_no_storm(
    logs: Logs, env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [logs])  # pytest's own would write it too
    log.warning("value %s", Chatty())
    assert texts(logs) == ["value chatty"]
    kept = (env.logs_dir / "console.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in kept] == ["value chatty"]


def test_a_value_that_cannot_be_written_costs_its_own_line_only(
    logs: Logs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [logs])  # pytest's own would raise
    log.warning("value %s", Broken())
    log.warning("the next one")
    assert texts(logs) == ["the next one"]
    assert "ValueError: no words" in capsys.readouterr().err


def test_a_masking_that_fails_costs_its_own_line_only(
    settings: Settings, clock: FakeClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def secrets() -> list[str]:
        calls.append(1)
        if len(calls) == 1:
            log.error("said from within")
            raise OSError("the vault is away")
        return []

    logs = Logs(settings, clock, secrets, database)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logs.install()
    try:
        log.warning("one")
        log.warning("two")
        assert texts(logs) == ["two"]  # a line that could not be masked is not shown either
    finally:
        logs.remove()
