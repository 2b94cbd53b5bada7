"""The whole chain in both directions, against the local Supabase with the real client."""

import json

from services.models.types import EndpointEdit
from services.prompts.types import PromptEdit, PromptType
from services.sync.types import Choice, SyncAction, SyncKind
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk, only


async def test_an_added_model_is_at_supabase_first_and_here_after(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme", "acme-1", model_list=("acme-1", "acme-2"))
    row = supabase_project.rows("ai_model")[0]
    assert (row["name"], row["model"], row["base_url"]) == (
        "acme",
        "acme-1",
        "https://acme.example.com",
    )
    assert endpoint.sync_status == "synced"
    assert endpoint.supabase_id == row["id"]
    assert desk.waiting() == []
    assert (await desk.sync.preview((SyncKind.MODEL,))).items == ()


async def test_what_is_ours_alone_survives_a_pull(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model(
        "acme", "acme-1", model_list=("acme-1", "acme-2"), provider_protocol="claude"
    )
    supabase_project.run("update ai_model set name = 'renamed', description = 'theirs'")
    made = await desk.sync.preview()
    assert only(made, "acme").action is SyncAction.PULL_CHANGE
    report = await desk.run(made)
    assert report.pulled == {"pull_change": 1}
    now = desk.models.endpoint(endpoint.id)
    assert now is not None
    assert (now.name, now.description) == ("renamed", "theirs")
    assert (now.model_list, now.provider_protocol) == (("acme-1", "acme-2"), "claude")


async def test_a_prompt_goes_and_comes_back_with_tools_type_and_activity(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    prompt = await desk.add_prompt(
        "coach", "Be strict.", prompt_type=PromptType.AGENT_TOOLS, tools_json=tools
    )
    row = next(r for r in supabase_project.rows("ai_prompt") if r["name"] == "coach")
    assert json.loads(row["tools_json"]) == tools
    supabase_project.run("update ai_prompt set system_prompt = 'Be mild.' where name = 'coach'")
    report = await desk.settle()
    assert report.is_complete
    now = desk.prompts.get(prompt.id)
    assert now is not None
    assert (now.content, now.prompt_type, now.tools_json) == (
        "Be mild.",
        PromptType.AGENT_TOOLS,
        tools,
    )
    versions = await desk.prompts.versions(prompt.id)
    assert [version.content for version in versions] == ["Be mild.", "Be strict."]


async def test_remote_rows_are_added_and_a_new_prompts_type_is_inferred(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    tool = json.dumps([{"type": "function", "function": {"name": "x"}}])
    supabase_project.insert("ai_prompt", name="texts", version="7", system_prompt="Hello")
    supabase_project.insert(
        "ai_prompt", name="tools", version="7", system_prompt="Use", tools_json=tool
    )
    supabase_project.insert(
        "ai_model", name="remote", model="r-1", base_url="https://r.example.com/v1", api_key="sk-r1"
    )
    await desk.settle()
    types = {prompt.name: prompt.prompt_type for prompt in desk.prompts.all()}
    assert (types["texts"], types["tools"]) == (PromptType.SYSTEM, PromptType.TOOLS)
    remote = desk.named("remote")
    assert (remote.base_url, remote.model_list) == ("https://r.example.com", ("r-1",))
    assert desk.models.api_key(remote.id) == "sk-r1"
    assert (await desk.sync.preview()).items == ()


async def test_an_edit_on_both_sides_is_a_conflict_and_the_operator_chooses(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.run("update ai_model set description = 'theirs', updated_at = now()")
    await desk.models.save(EndpointEdit(id=endpoint.id, description="ours"))
    assert desk.waiting() == [("acme", "save", "conflict")]
    assert supabase_project.rows("ai_model")[0]["description"] == "theirs"
    made = await desk.sync.preview()
    item = only(made, "acme")
    assert item.action is SyncAction.CONFLICT
    assert item.usual is Choice.SKIP
    assert [(f.name, f.here, f.there) for f in item.fields] == [("description", "ours", "theirs")]
    report = await desk.run(made)
    assert report.conflicts == 1
    assert desk.named("acme").sync_status == "skipped:overwrite_disabled"
    await desk.run(await desk.sync.preview(), acme=Choice.PUSH)
    assert supabase_project.rows("ai_model")[0]["description"] == "ours"
    assert desk.waiting() == []
    assert (await desk.sync.preview()).items == ()


async def test_keeping_supabases_side_of_a_conflict_drops_the_push(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.run("update ai_model set description = 'theirs'")
    await desk.models.save(EndpointEdit(id=endpoint.id, description="ours"))
    await desk.run(await desk.sync.preview(), acme=Choice.PULL)
    assert desk.named("acme").description == "theirs"
    assert desk.waiting() == []


async def test_both_texts_of_a_prompt_conflict_stay_as_versions(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    prompt = await desk.add_prompt("coach", "one")
    supabase_project.run("update ai_prompt set system_prompt = 'theirs' where name = 'coach'")
    await desk.prompts.save(PromptEdit(id=prompt.id, content="ours"))
    await desk.run(await desk.sync.preview(), coach=Choice.PUSH)
    head = desk.prompts.get(prompt.id)
    assert head is not None
    assert head.content == "ours"
    texts = [version.content for version in await desk.prompts.versions(prompt.id)]
    assert texts == ["ours", "theirs", "ours", "one"]
    row = next(r for r in supabase_project.rows("ai_prompt") if r["name"] == "coach")
    assert row["system_prompt"] == "ours"


async def test_a_row_deleted_there_is_only_deleted_here_when_it_is_chosen(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.add_model("acme", "acme-1")
    await desk.add_mapping("gpt", "acme-1")
    supabase_project.run("delete from ai_model")
    made = await desk.sync.preview()
    item = only(made, "acme")
    assert (item.action, item.usual) == (SyncAction.PULL_DELETE, Choice.SKIP)
    assert item.breaks == ("mapping:gpt",)
    assert any("no row" in str(note) for note in made.notes)
    await desk.run(made)
    assert desk.named("acme")
    await desk.run(await desk.sync.preview(), acme=Choice.PULL)
    assert all(endpoint.name != "acme" for endpoint in desk.models.endpoints)
    assert (await desk.sync.preview((SyncKind.MODEL,))).items == ()


async def test_a_row_deleted_here_stays_deleted_after_sync_and_restart(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    await desk.add_mapping("gpt", "acme-chat")
    await desk.models.delete(endpoint.id)
    await desk.mapping.delete("mapping:gpt")
    assert supabase_project.rows("ai_model") == []
    assert supabase_project.rows("model_mappings") == []
    await desk.settle()
    desk.models.load()
    desk.mapping.load()
    assert all(one.name != "acme" for one in desk.models.endpoints)
    assert desk.mapping.get("mapping:gpt") is None


async def test_a_row_deleted_here_but_changed_there_is_a_conflict(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.run("update ai_model set description = 'theirs'")
    await desk.models.delete(endpoint.id)
    assert desk.waiting() == [("acme", "delete", "conflict")]
    assert len(supabase_project.rows("ai_model")) == 1
    made = await desk.sync.preview()
    assert only(made, "acme").action is SyncAction.CONFLICT
    await desk.run(made, acme=Choice.PUSH)
    assert supabase_project.rows("ai_model") == []
    assert desk.waiting() == []


async def test_a_row_changed_here_but_deleted_there_can_be_brought_back(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    endpoint = await desk.add_model("acme")
    supabase_project.run("delete from ai_model")
    await desk.models.save(EndpointEdit(id=endpoint.id, description="ours"))
    assert desk.waiting() == [("acme", "save", "conflict")]
    made = await desk.sync.preview()
    assert only(made, "acme").action is SyncAction.CONFLICT
    await desk.run(made, acme=Choice.PUSH)
    assert [row["description"] for row in supabase_project.rows("ai_model")] == ["ours"]
    assert (await desk.sync.preview((SyncKind.MODEL,))).items == ()


async def test_the_default_moves_on_both_sides(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    first = await desk.add_model("first", is_default=True)
    second = await desk.add_model("second", is_default=True)
    flags = {row["name"]: row["is_default"] for row in supabase_project.rows("ai_model")}
    assert flags == {"first": False, "second": True}
    supabase_project.run("update ai_model set is_default = (name = 'first')")
    await desk.settle()
    now = {e.id: e.is_default for e in desk.models.endpoints}
    assert (now[first.id], now[second.id]) == (True, False)
    assert sum(now.values()) == 1


async def test_activating_a_prompt_carries_both_sides_of_the_switch(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.settle()
    prompt = await desk.add_prompt("new", prompt_type=PromptType.SYSTEM)
    await desk.prompts.activate(prompt.id)
    active = {r["name"] for r in supabase_project.rows("ai_prompt") if r["is_active"]}
    assert "new" in active
    assert "gymbro-default-system-thinkingml-v45" not in active
    assert desk.waiting() == []


async def test_the_demo_supplier_and_its_mapping_stay_here(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.settle()
    assert supabase_project.rows("ai_model") == []
    assert supabase_project.rows("model_mappings") == []
