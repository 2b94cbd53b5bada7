"""`python main.py replay` through a running console and alone; the state over HTTP."""

import json
import sqlite3
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from gymbro_ui.command_line import Arguments
from gymbro_ui.commands import replay
from services.journal.records import chunks, encode, file_name
from services.journal.types import Record
from tests.support.journal import NOW, turn
from tests.support.process import ConsoleProcess, run_command

pytestmark = pytest.mark.xdist_group("journal_command")


def put(data_dir: Path, seq: int, **row: Any) -> Path:
    """Leave a record as a console would that was killed afterwards."""
    folder = data_dir / "storage" / "ai_runtime" / "journal"
    folder.mkdir(parents=True, exist_ok=True)
    (rows,) = chunks([turn(seq, **row)])
    record = Record(f"jrn_{seq}", seq, "", "ai_prompt_tests", NOW, "locked: x", rows)
    path = folder / file_name(record)
    path.write_bytes(encode(record))
    return path


def asked(data_dir: Path) -> list[str]:
    connection = sqlite3.connect(data_dir / "gymbro.sqlite3")
    try:
        rows = connection.execute("SELECT request_message FROM ai_prompt_tests ORDER BY id")
        return [text for (text,) in rows if text.startswith("hello ")]
    finally:
        connection.close()


def test_s4_68_the_command_writes_back_through_the_running_console(
    running: ConsoleProcess,
) -> None:
    files = [put(running.data_dir, 1), put(running.data_dir, 2)]
    answer = run_command("replay", "--json", "--data-dir", str(running.data_dir))
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert (report["rows"], report["left"], report["records"]) == (2, 0, 2)
    assert asked(running.data_dir) == ["hello 1", "hello 2"]
    assert not any(path.exists() for path in files)
    again = run_command("replay", "--data-dir", str(running.data_dir))
    assert again.returncode == 0
    assert again.stdout.startswith("0 rows written back, 0 were there already")

    bad = put(running.data_dir, 3)
    bad.write_bytes(bad.read_bytes()[:50])
    answer = run_command("replay", "--data-dir", str(running.data_dir))
    assert (answer.returncode, answer.stdout.split(", ")[2]) == (4, "1 put aside")
    with running.operator() as operator:
        state = operator.get("/journal").json()["data"]
        assert (state["waiting"], state["problem"]) == (0, None)
        assert state["put_aside"][0]["name"] == bad.name
        assert state["last_replay"]["put_aside"] == 1
        assert state["reserve"]["size_bytes"] == 4 << 20
        assert "gymbro_journal_rows_waiting 0.0" in operator.get("/metrics").text


def test_s4_68_the_command_works_without_a_console(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    put(data_dir, 1)
    answer = run_command("replay", "--data-dir", str(data_dir))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("1 rows written back")
    assert asked(data_dir) == ["hello 1"]


def test_the_exit_code_says_that_something_still_waits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"rows": 1, "known": 0, "put_aside": 1, "left": 5, "records": 1, "reason": "locked: x"}
    monkeypatch.setattr(replay, "_replay", lambda _arguments: report)
    arguments = Arguments("replay", Namespace(json=False), env=None)  # type: ignore[arg-type]
    assert replay.run(arguments) == replay.LEFT
    assert "the rest waits on: locked: x" in capsys.readouterr().err
