"""`doctor` on this machine's SQLite: the version, and why an old one is safe or not enough."""

import sqlite3

import pytest

from services.operator.checkup import examine
from services.settings.types import Env


@pytest.mark.parametrize(
    ("version", "ok", "says"),
    [
        ((3, 40, 1), True, "safe here because one connection alone writes and checkpoints"),
        ((3, 51, 2), True, "older than 3.51.3"),
        ((3, 51, 3), True, ""),
        ((3, 36, 0), False, "older than 3.51.3"),
    ],
)
def test_a_sqlite_that_can_corrupt_a_reset_log_is_named_with_why_it_is_safe(
    env: Env, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], ok: bool, says: str
) -> None:
    text = ".".join(str(part) for part in version)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(sqlite3, "sqlite_version", text)
    (check,) = [one for one in examine(env, "1").checks if one.name == "sqlite"]
    assert (check.ok, text in check.text) == (ok, True)
    assert says in check.text
    assert bool(says) == ("3.51.3," in check.text)


def test_results_that_wait_in_the_journal_are_counted_without_a_console(env: Env) -> None:
    folder = env.runtime_dir / "journal"
    (folder / "quarantine").mkdir(parents=True)
    (check,) = [one for one in examine(env, "1").checks if one.name == "journal"]
    assert (check.ok, check.advice) == (True, "")
    (folder / "0000000001-ai_prompt_tests-40-jrn_1.json").touch()
    (folder / "0000000002-executions-1-jrn_2.json").touch()
    (folder / "quarantine" / "0000000003-executions-1-jrn_3.json").touch()
    (folder / "quarantine" / "0000000003-executions-1-jrn_3.json.reason.txt").touch()
    (check,) = [one for one in examine(env, "1").checks if one.name == "journal"]
    assert not check.ok
    assert check.text.startswith("41 refused results wait to be written back, 1 files put aside")
    assert "main.py replay" in check.advice
