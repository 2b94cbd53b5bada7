"""The outbox under kill, poison, backlog and two consoles; the local Supabase."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from db.queries import outbox as outbox_queries
from services.audit.types import AuditFilter
from services.models.types import EndpointEdit
from services.outbox import rules
from services.outbox.types import OutboxState
from services.sync import mirror
from services.sync.local import read_local
from services.sync.types import SyncKind
from tests.support.supabase_faults import Call, Status
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk

POISON = Status(400, '{"code":"22P02","message":"invalid input syntax"}')


async def _wait_down(desk: SyncDesk, project: SupabaseProject) -> None:
    """Make every change from now on wait, without asking anybody."""
    project.front.fail(Status(503))
    await desk.add_model("first-to-fail")
    assert desk.outbox.view.failures == 1


def _holds(call: Call, name: str) -> bool:
    return name.encode() in call.body


async def test_a_poisoned_row_is_found_and_the_others_arrive(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await _wait_down(desk, supabase_project)
    for number in range(24):
        await desk.add_mapping(f"key-{number}", "m")
    supabase_project.front.fail(
        POISON, method="POST", table="model_mappings", times=99, match=lambda c: _holds(c, 'key-7"')
    )
    desk.outbox.resume()
    report = await desk.outbox.flush()
    assert (report.pushed, report.refused) == (24, 1)
    assert len(supabase_project.rows("model_mappings")) == 23
    await desk.outbox.flush()
    await desk.outbox.flush()
    entries = await desk.outbox.entries()
    assert [(e.key, e.state, e.attempts) for e in entries] == [
        ("mapping:key-7", OutboxState.DEAD, rules.MOST_ATTEMPTS)
    ]
    assert "invalid input syntax" in str(entries[0].reason)
    assert desk.outbox.view.dead == 1
    supabase_project.front.heal()
    await desk.outbox.retry(entries[0].id)
    assert (await desk.outbox.flush()).pushed == 1


async def test_a_push_can_be_given_up(desk: SyncDesk, supabase_project: SupabaseProject) -> None:
    await _wait_down(desk, supabase_project)
    entry = (await desk.outbox.entries())[0]
    await desk.outbox.discard(entry.id)
    assert desk.outbox.view.count == 0
    assert supabase_project.rows("ai_model") == []


async def test_a_newer_wish_replaces_an_older_one_and_survives_its_push(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await _wait_down(desk, supabase_project)
    endpoint = desk.named("first-to-fail")
    for text in ("one", "two"):
        await desk.models.save(EndpointEdit(id=endpoint.id, description=text))
    assert len(await desk.outbox.entries()) == 1
    await desk.models.delete(endpoint.id)
    assert desk.waiting() == [("first-to-fail", "delete", "waiting")]
    desk.outbox.resume()
    await desk.outbox.flush()
    assert supabase_project.rows("ai_model") == []
    assert desk.waiting() == []


async def test_a_backlog_goes_out_in_batches_with_progress(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await _wait_down(desk, supabase_project)
    now = desk.clock.now()

    def fill(session: Any) -> None:
        for number in range(1_200):
            content = {
                "scope_type": "mapping",
                "scope_key": f"k{number}",
                "name": f"k{number}",
                "default_model": "m",
                "candidates": ["m"],
                "is_active": True,
                "metadata": {},
            }
            values = {"op": "save", "payload_json": {"content": content}, "title": f"k{number}"}
            outbox_queries.put(session, "mapping", f"mapping:k{number}", values, now)

    await desk.database.write(fill)
    desk.outbox.resume()
    seen: list[tuple[int, int]] = []
    report = await desk.outbox.flush(on_progress=lambda done, total: seen.append((done, total)))
    assert (report.pushed, report.left) == (1_201, 0)
    assert [done for done, _ in seen] == [1, 501, 1_001, 1_201]
    sizes = [len(c.json) for c in supabase_project.front.named("POST", "model_mappings")]
    assert sizes == [500, 500, 200]


async def test_two_consoles_that_push_the_same_row_leave_one(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await _wait_down(desk, supabase_project)
    await desk.add_mapping("gpt", "m")
    entry = next(e for e in await desk.outbox.entries() if e.kind == "mapping")
    carrier = desk.outbox.carrier("mapping")
    await carrier.push([entry])
    assert (await carrier.push([entry]))[0].conflict is None
    assert len(supabase_project.rows("model_mappings")) == 1


async def test_two_consoles_that_push_the_same_row_at_the_same_moment_leave_one(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await _wait_down(desk, supabase_project)
    await desk.add_mapping("gpt", "m")
    entry = next(e for e in await desk.outbox.entries() if e.kind == "mapping")
    carrier = desk.outbox.carrier("mapping")
    for _ in range(5):
        outcomes = await asyncio.gather(*(carrier.push([entry]) for _ in range(4)))
        assert [one.conflict for outcome in outcomes for one in outcome] == [None] * 4
    assert len(supabase_project.rows("model_mappings")) == 1


async def test_the_breaker_waits_longer_each_time_and_at_most_fifteen_minutes() -> None:
    waits = [rules.wait_s(failures, 1.0) for failures in range(1, 12)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 900
    assert rules.wait_s(3, 0.0) == 0.5
    assert rules.wait_s(1, 0.1, retry_after_s=77) == 77


async def test_the_pusher_works_by_itself_once_the_project_is_back(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await _wait_down(desk, supabase_project)
    await desk.outbox.start()
    desk.outbox.resume()
    is_empty = asyncio.Event()
    desk.outbox.changed.subscribe(lambda view: None if view.count else is_empty.set())
    await asyncio.wait_for(is_empty.wait(), 20)
    assert len(supabase_project.rows("ai_model")) == 1


async def test_a_change_and_its_push_and_its_trace_are_one_transaction(
    desk: SyncDesk, supabase_project: SupabaseProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _wait_down(desk, supabase_project)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk gave out")

    monkeypatch.setattr(mirror.settling, "mark", fail)
    before = await desk.audit.page(AuditFilter())
    with pytest.raises(RuntimeError):
        await desk.add_model("second")
    assert all(e.name != "second" for e in desk.models.endpoints)
    rows = desk.database.read_now(lambda s: read_local(s, [SyncKind.MODEL]))[SyncKind.MODEL]
    assert [row.title for row in rows.values()] == ["first-to-fail"]
    assert desk.waiting() == [("first-to-fail", "save", "waiting")]
    assert await desk.audit.page(AuditFilter()) == before


async def test_a_console_killed_in_the_middle_of_a_push_leaves_each_row_once(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    """The child pushes and is killed after Supabase stored the rows, before it settled them here."""
    await _wait_down(desk, supabase_project)
    for number in range(5):
        await desk.add_model(f"killed-{number}")
    assert desk.database.path is not None
    child = Path(__file__).parents[2] / "support" / "outbox_child.py"
    arguments = {
        "database": str(desk.database.path),
        "url": supabase_project.url,
        "key": supabase_project.front.service_key,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(child), json.dumps(arguments), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert (await asyncio.wait_for(process.stdout.readline(), 60)).strip() == b"stored"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert len(supabase_project.rows("ai_model")) == 6
    assert len(desk.waiting()) == 6
    desk.outbox.resume()
    assert (await desk.outbox.flush()).pushed == 6
    assert len(supabase_project.rows("ai_model")) == 6
    assert desk.waiting() == []
    assert len(desk.links(SyncKind.MODEL)) == 6
