"""The whole console, started and stopped in one process again and again."""

import asyncio
import sqlite3
from pathlib import Path

from services.console import build_console
from services.settings.types import Env
from tests.support.builders import until

ONCE = {"e2e sweep"}  # what a start does once; a slow machine is still at it
GROWS = {"console_uptime", "sqlite_sequence"}  # one row a start, aged by retention


def counts(path: Path) -> dict[str, int]:
    raw = sqlite3.connect(path)
    names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    found = {name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    raw.close()
    return {name: count for name, count in found.items() if name not in GROWS}


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def start_and_stop(env: Env) -> tuple[set[str], int]:
    """One life; return the names of its tasks and how many executions are open."""
    console = build_console(env)
    await console.start()
    await asyncio.sleep(0.02)
    await until(lambda: not any(name.startswith(tuple(ONCE)) for name in console.tasks.names))
    seen = {name.split("-")[0] for name in console.tasks.names}, len(console.executions.running())
    await console.stop()
    console.close_now()
    return seen


async def test_many_restarts_leave_no_row_job_user_or_file_more(env: Env) -> None:
    assert env.database_path is not None
    await start_and_stop(env)
    tasks, open_runs = await start_and_stop(env)
    rows, found = counts(env.database_path), files(env.data_dir)
    for _ in range(12):
        assert await start_and_stop(env) == (tasks, open_runs)
    after = counts(env.database_path)
    assert {name for name, count in after.items() if count > rows[name] + 1} == set()  # 1: of a day
    assert files(env.data_dir) == found
    assert after["llm_test_users"] == after["executions"] == open_runs == 0
