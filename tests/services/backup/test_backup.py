"""A copy is of one moment, checked, listed; old ones go; a bad one leaves nothing."""

import asyncio
import json
import sqlite3
import threading
from datetime import timedelta

import pytest

from db.boot import backup as files
from db.boot.backup import BackupFailedError, back_up
from db.engine import Database
from services.backup.commands import make_backup
from services.backup.service import Backups, _Pages  # pyright: ignore[reportPrivateUsage]
from services.executions.service import Executions
from services.executions.types import Execution, ExecutionState
from services.foundation.errors import InputError, StoreError
from services.settings.env import read_env
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock
from tests.support.store import add_rows


async def run(executions: Executions) -> Execution:
    started = await executions.start("backup", {})
    return await executions.wait(started.execution_id)


def settings_in(path: str) -> int:
    raw = sqlite3.connect(path)
    try:
        return int(raw.execute("SELECT count(*) FROM llm_app_settings").fetchone()[0])
    finally:
        raw.close()


async def test_a_backup_is_whole_listed_and_says_what_it_holds(
    executions: Executions, backups: Backups, store: Database
) -> None:
    await store.write(lambda s: add_rows(s, range(50)))
    ended = await run(executions)
    assert ended.status is ExecutionState.SUCCEEDED, ended.error
    [made] = await backups.list()
    assert made.is_verified
    assert made.rows == ended.meta["rows"] > 50
    assert settings_in(made.path) == 50
    assert made.path in ended.output
    left = sorted(path.suffix for path in backups._folder.iterdir())
    assert left == [".db", ".json"]  # no log, no part


async def test_writes_go_on_while_it_copies_and_the_copy_is_of_one_moment(
    executions: Executions, backups: Backups, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PAGES", 1)
    gate, begun = threading.Event(), threading.Event()
    first = _Pages.__call__

    def paused(pages, done: int, total: int) -> None:
        begun.set()
        gate.wait(10)
        first(pages, done, total)

    monkeypatch.setattr("services.backup.service._Pages.__call__", paused)
    started = await executions.start("backup", {})
    assert await asyncio.to_thread(begun.wait, 10)
    async with asyncio.timeout(2):  # the copy is in the middle: nobody waits for it
        await store.write(lambda s: add_rows(s, range(500), 2_000))
    gate.set()
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.SUCCEEDED, ended.error
    [made] = await backups.list()
    assert settings_in(made.path) == 0


async def test_a_cancel_in_the_middle_leaves_nothing(
    executions: Executions, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PAGES", 1)
    begun = threading.Event()
    call = _Pages.__call__

    def slow(pages, done: int, total: int) -> None:
        begun.set()
        pages.stop.wait(10)
        call(pages, done, total)

    monkeypatch.setattr("services.backup.service._Pages.__call__", slow)
    started = await executions.start("backup", {})
    assert await asyncio.to_thread(begun.wait, 10)
    await executions.cancel(started.execution_id)
    ended = await executions.wait(started.execution_id)
    assert ended.status is ExecutionState.CANCELLED
    assert list(backups._folder.iterdir()) == []


async def test_only_as_many_as_wanted_are_kept_and_others_files_stay(
    executions: Executions, backups: Backups, preferences: Settings, clock: FakeClock
) -> None:
    await preferences.change({"backups_kept": 2})
    backups._folder.mkdir(parents=True)
    (backups._folder / "mine.db").write_bytes(b"kept")
    for _ in range(4):
        clock.jump(86_400)
        await run(executions)
    names = [one.name for one in await backups.list() if one.is_verified]
    assert names == ["backup-20260306T080000Z.db", "backup-20260305T080000Z.db"]
    [mine] = [one for one in await backups.list() if not one.is_verified]
    assert mine.name == "mine.db"


async def test_a_copy_that_changed_since_is_not_called_verified(
    executions: Executions, backups: Backups
) -> None:
    await run(executions)
    [made] = await backups.list()
    with open(made.path, "ab") as file:  # noqa: ASYNC230, PTH123
        file.write(b"x")
    [now] = await backups.list()
    assert not now.is_verified


async def test_a_copy_that_is_not_the_same_is_refused_and_removed(
    executions: Executions, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "integrity_fault", lambda _path: "row 3 missing from index x")
    ended = await run(executions)
    assert ended.status is ExecutionState.FAILED
    assert ended.error_kind == "backup_failed"
    assert "row 3 missing from index x" in str(ended.reason)
    assert list(backups._folder.iterdir()) == []


async def test_rows_that_are_missing_in_the_copy_are_noticed(
    store: Database, env: Env, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = files.count_rows
    counts = iter([0, 5])

    def wrong(connection: sqlite3.Connection) -> dict[str, int]:
        return {**counted(connection), "llm_app_settings": next(counts)}

    monkeypatch.setattr(files, "count_rows", wrong)
    assert store.path is not None
    with pytest.raises(BackupFailedError, match="other rows in llm_app_settings"):
        back_up(store.path, env.backups_dir, clock.now(), lambda _d, _t: None)


async def test_too_little_room_is_said_before_anything_is_written(
    executions: Executions, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda _path: 1_000_000)
    ended = await run(executions)
    assert "MB must be free" in ended.error
    assert list(backups._folder.iterdir()) == []


async def test_a_part_of_a_crashed_backup_is_removed_after_a_day(
    store: Database, env: Env, clock: FakeClock
) -> None:
    env.backups_dir.mkdir(parents=True)
    part = env.backups_dir / "backup-20200101T000000Z-1.part"
    part.write_bytes(b"x")
    assert store.path is not None
    now = clock.now()
    made = back_up(store.path, env.backups_dir, now, lambda _d, _t: None)
    assert part.exists() == (part.stat().st_mtime > (now - timedelta(days=1)).timestamp())
    later = now + timedelta(days=4_000)
    back_up(store.path, env.backups_dir, later, lambda _d, _t: None)
    assert not part.exists()
    assert json.loads(made.path.with_suffix(".json").read_text())["rows"] == made.rows


async def test_the_command_makes_one_beside_a_running_console_and_keeps_as_many_as_set(
    env: Env, clock: FakeClock, store: Database, preferences: Settings
) -> None:
    await preferences.change({"backups_kept": 1})
    first, gone = make_backup(env, clock)
    assert (first.is_verified, gone) == (True, 0)
    clock.jump(60)
    second, gone = make_backup(env, clock)
    assert gone == 1
    assert [path.name for path in env.backups_dir.glob("*.db")] == [second.name]


def test_the_command_says_when_there_is_nothing_to_copy(env: Env, clock: FakeClock) -> None:
    with pytest.raises(InputError, match="There is no database"):
        make_backup(env, clock)
    assert env.database_path is not None
    env.database_path.parent.mkdir(parents=True)
    env.database_path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="The backup failed"):
        make_backup(env, clock)


def test_on_postgresql_pg_dump_is_named(env: Env, clock: FakeClock) -> None:
    there = read_env(data_dir=str(env.data_dir), values={"DATABASE_URL": "postgresql://h/d"})
    with pytest.raises(InputError, match="pg_dump"):
        make_backup(there, clock)


@pytest.mark.postgres
async def test_on_postgresql_the_kind_refuses_with_the_way(
    postgres_database: Database, clock: FakeClock, preferences: Settings
) -> None:
    backups = Backups(postgres_database, clock, preferences)
    assert not backups.is_possible
    with pytest.raises(InputError, match="pg_dump"):
        backups.check({})
