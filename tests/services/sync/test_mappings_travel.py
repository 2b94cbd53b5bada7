"""Mappings in their table, in the carrier row, and beside a prompt's tools; the local Supabase."""

import json

from services.mapping.types import Scope
from services.prompts.types import PromptType
from services.sync.types import SyncAction, SyncKind
from tests.support.supabase_stack import SupabaseProject
from tests.support.sync_desk import SyncDesk, actions


async def test_mappings_travel_with_unknown_metadata(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    await desk.add_model("acme", "acme-1")
    await desk.add_mapping("gpt", "acme-1")
    supabase_project.run(
        "update model_mappings set metadata = %s::jsonb", json.dumps({"their": {"own": [1]}})
    )
    await desk.settle()
    mapping = desk.mapping.get("mapping:gpt")
    assert mapping is not None
    assert mapping.metadata == {"their": {"own": [1]}}
    await desk.mapping.set_active("mapping:gpt", is_active=False)
    row = supabase_project.rows("model_mappings")[0]
    assert (row["metadata"], row["is_active"]) == ({"their": {"own": [1]}}, False)


async def test_a_prompts_mapping_travels_in_its_tools_and_leaves_them_alone(
    desk: SyncDesk, supabase_project: SupabaseProject
) -> None:
    tools = [{"type": "function", "function": {"name": "look"}}]
    await desk.add_model("acme", "acme-1")
    prompt = await desk.add_prompt("coach", prompt_type=PromptType.AGENT_TOOLS, tools_json=tools)
    await desk.add_mapping(str(prompt.id), "acme-1", Scope.PROMPT)
    row = next(r for r in supabase_project.rows("ai_prompt") if r["name"] == "coach")
    carried = json.loads(row["tools_json"])
    assert carried["tools"] == tools
    assert carried["__model_mapping"]["default_model"] == "acme-1"
    assert supabase_project.rows("model_mappings") == []
    changed = {**carried, "__model_mapping": {**carried["__model_mapping"], "name": "theirs"}}
    supabase_project.run(
        "update ai_prompt set tools_json = %s where name = 'coach'", json.dumps(changed)
    )
    made = await desk.sync.preview()
    assert actions(made, SyncKind.MAPPING) == {f"prompt:{prompt.id}": SyncAction.PULL_CHANGE}
    await desk.run(made)
    mapping = desk.mapping.get(f"prompt:{prompt.id}")
    head = desk.prompts.get(prompt.id)
    assert mapping is not None
    assert head is not None
    assert (mapping.name, head.tools_json, head.prompt_type) == (
        "theirs",
        tools,
        PromptType.AGENT_TOOLS,
    )
    await desk.mapping.delete(mapping.id)
    row = next(r for r in supabase_project.rows("ai_prompt") if r["name"] == "coach")
    assert json.loads(row["tools_json"]) == tools


async def test_without_the_table_mappings_travel_in_one_inactive_row(
    offline_desk: SyncDesk, bare_supabase_project: SupabaseProject
) -> None:
    desk = offline_desk
    await desk.connect(bare_supabase_project)
    await desk.add_model("acme", "acme-1")
    await desk.add_mapping("gpt", "acme-1")
    await desk.add_mapping("claude", "acme-1")
    rows = [r for r in bare_supabase_project.rows("ai_prompt") if r["name"] == "__model_mapping__"]
    assert len(rows) == 1
    assert rows[0]["is_active"] is False
    carried = json.loads(rows[0]["tools_json"])["mappings"]
    assert sorted(one["id"] for one in carried) == ["mapping:claude", "mapping:gpt"]
    assert desk.waiting() == []
    kept = [{**one, "name": "theirs"} for one in carried if one["id"] == "mapping:gpt"]
    bare_supabase_project.run(
        "update ai_prompt set tools_json = %s where name = '__model_mapping__'",
        json.dumps({"mappings": kept}),
    )
    made = await desk.sync.preview((SyncKind.MAPPING,))
    assert actions(made) == {
        "mapping:gpt": SyncAction.PULL_CHANGE,
        "mapping:claude": SyncAction.PULL_DELETE,
    }
    await desk.run(made)
    mapping = desk.mapping.get("mapping:gpt")
    assert mapping is not None
    assert mapping.name == "theirs"
    assert desk.mapping.get("mapping:claude") is not None
