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
