"""The console hands its journal to every writer, and writes it back before anything is recovered."""

from typing import Any

from sqlmodel import Session

from db.queries import executions as queries
from db.tables.executions import ExecutionRow
from services.console import Console, build_console
from services.executions.types import ExecutionState
from services.settings.types import Env
from tests.support.journal import REFUSED, turn


def left_running(session: Session, now: Any) -> None:
    """A run of another start of the process."""
    row = ExecutionRow(
        execution_id="exe_1", execution_type="demo", label="Demo", status="running",
        trigger="manual", boot_id="boot_old", created_at=now, updated_at=now, seq=1,
    )  # fmt: skip
    queries.insert_execution(session, row)


def writers_of(console: Console) -> list[Any]:
    parts: list[Any] = [console.e2e, console.loadtest]
    return [
        console.executions._store._journal,
        console.stats._flushing._journal,
        console.gateway._recorder._journal,
        *(part._parts.journal for part in parts),
    ]


async def test_a_start_writes_back_the_ends_of_runs_before_it_interrupts_what_is_open(
    env: Env,
) -> None:
    first = build_console(env, one_shot=True)
    now = first.clock.now()
    first.database.write_now(lambda session: left_running(session, now))
    end = {"execution_id": "exe_1", "status": "succeeded", "finished_at": now, "test_output": "all"}
    assert await first.journal.keep("executions", [end], REFUSED)
    assert await first.journal.keep("ai_prompt_tests", [turn(1)], REFUSED)
    assert [str(notice) for notice in first.notices if "written back by" in str(notice)]
    first.close_now()

    console = build_console(env, one_shot=True)
    assert console.journal.waiting == 2
    await console.start()
    found = await console.executions.get("exe_1")
    assert (found.status, found.output) == (ExecutionState.SUCCEEDED, "all")
    assert all(journal is console.journal for journal in writers_of(console))
    await console.stop()  # what is left behind the start is written at the latest now
    assert console.journal.waiting == 0
    assert not [notice for notice in console.notices if "written back by" in str(notice)]
    console.close_now()
