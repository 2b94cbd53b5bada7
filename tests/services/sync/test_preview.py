"""Previews: alike rows are noted, thousands are compared in time, keys never come along."""

import json
import time
from pathlib import Path

import pytest

from db.queries import sync as sync_queries
from services.models.types import EndpointEdit
from services.settings.service import Settings
from services.supabase.types import SupabaseEdit
from services.sync.types import Choice, Direction, SyncAction, SyncKind, SyncRequest
from tests.support.supabase_faults import Status
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk, actions, only

CANARY = "sk-canary-7f3a9c51d2e84b60"


def _fill(project: SupabaseProject, count: int) -> None:
    project.run(
        "insert into ai_model (name, model, base_url, description) select 'm-' || n, 'x-' || n,"
        " 'https://m' || n || '.example.com', '' from generate_series(1, %s) n",
        count,
    )


async def test_two_thousand_models_are_compared_within_two_seconds_of_work(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    _fill(supabase_project, 2_000)
    for number in range(1, 501):
        supabase_project.run(
            "insert into model_mappings (id, scope_type, scope_key, default_model, candidates)"
            " values (%s, 'mapping', %s, %s, %s::jsonb)",
            f"mapping:k{number}", f"k{number}", f"x-{number}", json.dumps([f"x-{number}"]),
        )  # fmt: skip
    begun = time.process_time()
    first = await desk.sync.preview()
    assert time.process_time() - begun < 8  # of all threads; the goal of 2 s is the benchmark's
    assert first.count(SyncAction.PULL_ADD) == 2_500
    begun = time.process_time()
    report = await desk.run(first)
    assert report.pulled == {"pull_add": 2_500}
    assert time.process_time() - begun < 30
    supabase_project.run("update ai_model set is_active = false where id <= 1000")
    begun = time.process_time()
    second = await desk.sync.preview()
    assert time.process_time() - begun < 8  # of all threads; the goal of 2 s is the benchmark's
    assert second.count(SyncAction.PULL_CHANGE) == 1_000
    assert sum(bool(item.breaks) for item in second.items) == 500
    assert second.same == 1_504


async def test_rows_that_are_alike_are_noted_by_the_preview_alone(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.supabase.close()
    supabase_project.insert(
        "ai_model", name="acme", model="acme-chat", base_url="https://acme.example.com",
        description="", timeout=60, is_active=True, is_default=False,
    )  # fmt: skip
    supabase_project.front.fail(DOWN, times=1)
    endpoint = await desk.add_model("acme", "acme-chat")
    desk.outbox.resume()
    made = await desk.sync.preview((SyncKind.MODEL,))
    assert made.items == ()
    assert desk.links(SyncKind.MODEL) == {str(endpoint.id): "1"}
    assert desk.waiting() == [], "there is nothing left to push"
    supabase_project.run("update ai_model set description = 'later'")
    assert only(await desk.sync.preview(), "acme").action is SyncAction.PULL_CHANGE


DOWN = Status(503)


async def test_a_row_gone_on_both_sides_is_forgotten(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.front.fail(DOWN)
    await desk.models.delete(endpoint.id)
    supabase_project.run("delete from ai_model")
    desk.outbox.resume()
    assert actions(await desk.sync.preview((SyncKind.MODEL,))) == {}
    assert desk.links(SyncKind.MODEL) == {}
    assert desk.waiting() == []


async def test_a_renamed_model_stays_the_same_row_and_names_what_it_breaks(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme", "acme-1")
    await desk.add_mapping("gpt", "acme-1")
    supabase_project.run("update ai_model set name = 'acme two', model = 'acme-2'")
    item = only(await desk.sync.preview(), "acme")
    assert item.action is SyncAction.PULL_CHANGE
    assert item.breaks == ("mapping:gpt",)
    await desk.models.save(EndpointEdit(id=endpoint.id, model_list=("acme-1", "acme-2")))
    item = only(await desk.sync.preview(), "acme")
    assert item.breaks == (), "its own list still offers the old name"
    await desk.settle()
    now = desk.models.endpoint(endpoint.id)
    assert now is not None
    assert (now.id, now.name, now.model) == (endpoint.id, "acme two", "acme-2")


async def test_an_address_changed_there_forgets_the_key_here(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme", api_key="sk-of-the-old-address")
    supabase_project.run("update ai_model set base_url = 'https://elsewhere.example.com'")
    await desk.settle()
    assert desk.named("acme").base_url == "https://elsewhere.example.com"
    assert desk.models.api_key(endpoint.id) == ""


async def test_keys_travel_only_when_the_operator_asks(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:

    endpoint = await desk.add_model("acme", api_key=CANARY)
    assert supabase_project.rows("ai_model")[0]["api_key"] is None
    await desk.supabase.save(SupabaseEdit(pushes_api_keys=True))
    await desk.models.save(EndpointEdit(id=endpoint.id, api_key="sk-second-key"))
    assert supabase_project.rows("ai_model")[0]["api_key"] == "sk-second-key"


async def test_no_key_reaches_the_database_the_log_or_a_backup(
    desk: SyncDesk,
    supabase_project: SupabaseProject,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    supabase_project.insert(
        "ai_model", name="theirs", model="t", base_url="https://t.example.com", api_key=CANARY
    )
    await desk.add_model("ours", api_key=CANARY + "-ours")
    supabase_project.front.fail(DOWN, method="PATCH", times=9)
    await desk.models.save(EndpointEdit(id=desk.named("ours").id, description="waits"))
    desk.outbox.resume()
    made = await desk.sync.preview()
    assert CANARY not in repr(made)
    await desk.run(made)
    assert desk.models.api_key(desk.named("theirs").id) == CANARY
    await desk.supabase.close()
    service_key = supabase_project.front.service_key
    data = settings.env.data_dir
    for path in sorted(data.rglob("*")):
        if path.is_file() and path.name not in ("vault.json", "vault.key"):
            content = path.read_bytes()
            assert CANARY.encode() not in content, path
            assert service_key.encode() not in content, path
    assert list((data / "backups" / "sync").glob("models-latest.json"))
    assert CANARY not in caplog.text
    assert service_key not in caplog.text


async def test_a_backup_is_written_before_each_sync_and_three_older_are_kept(
    desk: SyncDesk, supabase_project: SupabaseProject, settings: Settings
) -> None:
    await desk.add_model("acme")
    for number in range(5):
        supabase_project.run("update ai_model set description = %s", f"v{number}")
        await desk.settle()
    supabase_project.run("update ai_model set description = 'v5'")
    report = await desk.settle()
    folder = settings.env.backups_dir / "sync"
    assert [Path(path).name for path in report.backups] == [
        "models-latest.json",
        "prompts-latest.json",
        "mappings-latest.json",
    ]
    assert len(list(folder.glob("models-2*.json"))) == 3
    latest = json.loads((folder / "models-latest.json").read_text())
    assert latest["rows"][0]["content"]["description"] == "v4"
    assert (folder / "models-latest.json").stat().st_mode & 0o077 == 0


async def test_a_backup_that_cannot_be_written_stops_the_sync(
    desk: SyncDesk, supabase_project: SupabaseProject, settings: Settings
) -> None:
    supabase_project.insert("ai_model", name="new", model="n", base_url="https://n.example.com")
    settings.env.backups_dir.mkdir(parents=True)
    (settings.env.backups_dir / "sync").write_text("in the way")
    made = await desk.sync.preview((SyncKind.MODEL,))
    with pytest.raises(Exception, match="backup before the sync"):
        await desk.run(made)
    assert all(endpoint.name != "new" for endpoint in desk.models.endpoints)


async def test_another_project_forgets_what_was_agreed_with_the_old_one(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:

    await desk.add_model("acme")
    assert desk.links(SyncKind.MODEL)
    await desk.supabase.save(SupabaseEdit(url="https://other.example.com"))
    assert desk.links(SyncKind.MODEL) == {}
    assert desk.supabase.view.service_key_masked == "", "a key never follows to another address"
    await desk.models.reload()
    assert desk.named("acme").supabase_id is None
    staged = desk.database.read_now(lambda s: sync_queries.staged(s, "model"))
    assert staged == []


async def test_a_direction_without_a_look_overwrites_and_deletes_nothing_by_itself(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.add_model("gone-there")
    await desk.add_model("both")
    supabase_project.run("delete from ai_model where name = 'gone-there'")
    supabase_project.run("update ai_model set description = 'theirs' where name = 'both'")
    await desk.models.save(EndpointEdit(id=desk.named("both").id, description="ours"))
    report = await desk.sync.sync(SyncRequest(direction=Direction.BOTH))
    assert report.conflicts == 1
    assert desk.named("gone-there")
    assert desk.named("both").description == "ours"
    assert supabase_project.rows("ai_model")[0]["description"] == "theirs"
    report = await desk.sync.sync(
        SyncRequest(direction=Direction.PULL, overwrite=True, delete_missing=True)
    )
    assert desk.named("both").description == "theirs"
    assert all(endpoint.name != "gone-there" for endpoint in desk.models.endpoints)


async def test_an_old_preview_is_refused(desk: SyncDesk) -> None:
    made = await desk.sync.preview((SyncKind.MODEL,))
    await desk.sync.run(made, {})
    with pytest.raises(Exception, match="outdated"):
        desk.sync.plan(made.id)
    with pytest.raises(Exception, match="outdated"):
        desk.sync.choose(made.id, {"x": Choice.PULL})
