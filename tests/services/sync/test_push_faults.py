"""What a write meets when the project fails: it waits, stops or is refused; never twice, never lost."""

import asyncio
import json
import time

import pytest

from services.foundation.errors import ConflictError, UpstreamError
from services.models.types import EndpointEdit
from services.supabase.types import Fault, SupabaseEdit
from services.sync.types import Choice, SyncAction, SyncKind
from tests.support.clock import FakeClock
from tests.support.supabase_faults import Delay, LoseReply, Status
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk, actions, only


async def test_a_project_that_is_down_leaves_the_change_here_and_in_the_outbox(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await supabase_project.front.close_door()
    begun = time.monotonic()
    endpoint = await desk.add_model("acme")
    assert time.monotonic() - begun < 1
    assert endpoint.sync_status == "pending_sync"
    assert desk.waiting() == [("acme", "save", "waiting")]
    assert desk.outbox.view.failures == 1
    begun = time.monotonic()
    await desk.add_mapping("gpt", "acme-chat")
    assert time.monotonic() - begun < 0.5, "the breaker is open: nobody is asked"
    assert desk.outbox.view.waiting == 2
    await supabase_project.front.open_door()
    report = await desk.outbox.flush()
    assert report.pushed == 0, "the breaker still holds"
    desk.outbox.resume()
    report = await desk.outbox.flush()
    assert (report.pushed, report.left) == (2, 0)
    assert [row["name"] for row in supabase_project.rows("ai_model")] == ["acme"]
    await desk.models.reload()
    assert desk.named("acme").sync_status == "synced"


async def test_a_slow_project_is_given_up_and_asked_once_at_a_time(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(Delay(4), times=9)
    endpoint = await desk.add_model("acme")
    assert endpoint.sync_status == "pending_sync"
    assert "within" in str(desk.outbox.view.reason)
    assert len(supabase_project.front.calls) == 1


async def test_a_refused_row_changes_nothing_here(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(
        Status(400, '{"code":"23514","message":"violates check constraint"}'), method="POST"
    )
    with pytest.raises(UpstreamError) as caught:
        await desk.add_model("acme")
    assert "check constraint" in str(caught.value)
    assert all(e.name != "acme" for e in desk.models.endpoints)
    assert desk.waiting() == []


async def test_a_lost_reply_is_replayed_into_exactly_one_row(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(LoseReply(), method="POST", table="ai_model")
    endpoint = await desk.add_model("acme")
    assert endpoint.sync_status == "pending_sync"
    assert len(supabase_project.rows("ai_model")) == 1
    await desk.models.save(EndpointEdit(id=endpoint.id, description="edited meanwhile"))
    desk.outbox.resume()
    assert (await desk.outbox.flush()).pushed == 1
    rows = supabase_project.rows("ai_model")
    assert [(row["name"], row["description"]) for row in rows] == [("acme", "edited meanwhile")]
    assert (await desk.sync.preview((SyncKind.MODEL,))).items == ()


async def test_a_lost_reply_to_an_update_changes_nothing_twice(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.front.fail(LoseReply(), method="PATCH")
    await desk.models.save(EndpointEdit(id=endpoint.id, description="new"))
    desk.outbox.resume()
    report = await desk.outbox.flush()
    assert (report.pushed, report.conflicts) == (1, 0)
    assert [row["description"] for row in supabase_project.rows("ai_model")] == ["new"]


async def test_a_refused_key_stops_everything_until_it_is_replaced(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    front = supabase_project.front
    front.service_key = "sb_secret_rotated_0123456789abcdef"
    await desk.add_model("acme")
    await desk.add_mapping("gpt", "acme-chat")
    asked = len(front.calls)
    assert asked == 1, "the second change does not ask again with a key that was refused"
    assert "key" in str(desk.outbox.view.stopped["*"])
    assert (await desk.outbox.flush()).pushed == 0
    assert len(front.calls) == asked
    await desk.connect(supabase_project)
    assert desk.outbox.view.stopped == {}
    assert (await desk.outbox.flush()).pushed == 2


async def test_a_forbidden_table_is_named_with_what_to_do(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.front.fail(
        Status(403, '{"code":"42501","message":"new row violates row-level security policy"}'),
        method="POST",
        table="ai_model",
    )
    await desk.add_model("acme")
    reason = str(desk.outbox.view.stopped["model"])
    assert "ai_model" in reason
    assert "policy" in reason
    await desk.add_prompt("still works")
    assert any(row["name"] == "still works" for row in supabase_project.rows("ai_prompt"))


@pytest.mark.parametrize(
    ("status", "code", "said", "named"),
    [
        (400, "PGRST204", "Could not find the timeout column", "timeout"),
        (404, "PGRST205", "Could not find the table public.ai_model", "ai_model"),
    ],
)
async def test_a_missing_column_or_table_stops_the_kind_without_a_loop(
    desk: SyncDesk,
    supabase_project: SupabaseProject,
    status: int,
    code: str,
    said: str,
    named: str,
) -> None:
    supabase_project.front.fail(
        Status(status, json.dumps({"code": code, "message": said})), method="POST"
    )
    await desk.add_model("acme")
    asked = len(supabase_project.front.calls)
    await desk.outbox.flush()
    assert len(supabase_project.front.calls) == asked
    assert named in str(desk.outbox.view.stopped["model"])


async def test_a_wish_to_wait_is_obeyed(
    desk: SyncDesk, supabase_project: SupabaseProject, clock: FakeClock
) -> None:
    supabase_project.front.fail(Status(429, "{}", {"retry-after": "600"}))
    await desk.add_model("acme")
    await clock.advance(599)
    assert (await desk.outbox.flush()).pushed == 0
    await clock.advance(2)
    assert (await desk.outbox.flush()).pushed == 1


async def test_a_row_that_is_there_already_counts_as_done(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    supabase_project.run("create unique index once on ai_model (name)")
    try:
        supabase_project.insert(
            "ai_model", name="acme", model="acme-chat", base_url="https://acme.example.com",
            description="", timeout=60, is_default=False,
        )  # fmt: skip
        await desk.add_model("acme")
        assert desk.waiting() == []
        assert len(supabase_project.rows("ai_model")) == 1
        assert desk.links(SyncKind.MODEL) != {}
    finally:
        supabase_project.run("drop index once")


async def test_nul_characters_are_cleaned_before_they_travel(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    tools = [{"type": "function", "function": {"name": "x", "description": "a\x00b"}}]
    await desk.add_prompt("coach", tools_json=tools)
    row = next(r for r in supabase_project.rows("ai_prompt") if r["name"] == "coach")
    assert "a\ufffdb" in row["tools_json"]
    assert "coach" not in actions(await desk.sync.preview())


async def test_a_change_during_the_preview_is_not_overwritten(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.run("update ai_model set description = 'theirs'")
    made = await desk.sync.preview()
    await desk.models.save(EndpointEdit(id=endpoint.id, description="typed meanwhile"))
    with pytest.raises(ConflictError, match="changed here since the preview"):
        await desk.run(made, acme=Choice.PULL)
    assert desk.named("acme").description == "typed meanwhile"


async def test_a_change_at_supabase_after_the_preview_is_not_overwritten(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await supabase_project.front.close_door()
    endpoint = await desk.add_model("acme")
    await supabase_project.front.open_door()
    desk.outbox.resume()
    await desk.outbox.flush()
    supabase_project.front.fail(Status(503), method="PATCH")
    await desk.models.save(EndpointEdit(id=endpoint.id, description="ours"))
    made = await desk.sync.preview((SyncKind.MODEL,))
    assert only(made, "acme").action is SyncAction.PUSH_CHANGE
    supabase_project.run("update ai_model set description = 'a moment later'")
    desk.outbox.resume()
    report = await desk.run(made)
    assert (report.pushed, report.conflicts) == (0, 1)
    assert supabase_project.rows("ai_model")[0]["description"] == "a moment later"
    assert desk.waiting() == [("acme", "save", "conflict")]


async def test_two_changes_at_once_are_both_kept(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await asyncio.gather(desk.add_model("one"), desk.add_mapping("gpt", "x"), desk.add_model("two"))
    assert {row["name"] for row in supabase_project.rows("ai_model")} == {"one", "two"}
    assert [row["id"] for row in supabase_project.rows("model_mappings")] == ["mapping:gpt"]
    assert Fault.SERVER.is_passing


async def test_a_changed_key_waits_for_a_project_that_is_down(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme", api_key="sk-first-key-0001")
    await desk.supabase.save(SupabaseEdit(pushes_api_keys=True))
    await supabase_project.front.close_door()
    changed = await desk.models.save(EndpointEdit(id=endpoint.id, api_key="sk-second-key-0002"))
    assert changed.sync_status == "pending_sync"
    assert desk.waiting() == [("acme", "save", "waiting")]
    await supabase_project.front.open_door()
    desk.outbox.resume()
    assert (await desk.outbox.flush()).pushed == 1
    assert supabase_project.rows("ai_model")[0]["api_key"] == "sk-second-key-0002"
    assert desk.outbox.view.count == 0
