"""Routes of models, mappings, prompts, settings and health: rights, shapes, every refusal."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.gateway import World, is_e1, is_e3, limits, serving, until
from tests.support.scripted import says

ENDPOINT = {
    "name": "relay",
    "base_url": "https://relay.example/v1",
    "model": "m",
    "api_key": "sk-secret-value",
}


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as served:
        yield served


async def call(
    world: World, method: str, path: str, token: str = "admin:a", body: Any = None
) -> tuple[int, dict[str, Any]]:
    async with world.client(token) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body)
        assert answer.headers["x-request-id"]
        return answer.status_code, answer.json()


def is_e2(found: tuple[int, dict[str, Any]], status: int) -> dict[str, Any]:
    got, body = found
    assert got == status, body
    assert body["code"] == body["status"] == status
    assert body["data"] is None
    assert body["msg"] == body["message"]
    return body


async def test_the_mapped_list_has_the_contracts_fields(world: World) -> None:
    endpoint_id = await world.add("k", says("x"), model="m")
    status, body = await call(world, "GET", "/llm/models?view=mapped", "anon:a")
    assert (status, body["code"], body["msg"]) == (200, 200, "success")
    assert body["total"] == len(body["data"]) == 2
    row = next(row for row in body["data"] if row["name"] == "k")
    assert row == {
        "name": "k",
        "default_model": "m",
        "candidates": ["m"],
        "required_tier": None,
        "provider": "openai",
        "dialect": "openai.chat_completions",
        "capabilities": {
            "supports_tools": True,
            "supports_vision": False,
            "max_output_tokens": None,
        },
        "endpoint_hint": {"endpoint_id": endpoint_id, "endpoint_name": "endpoint-k"},
    }
    assert [
        r["name"] for r in (await call(world, "GET", "/llm/models?keyword=DEMO"))[1]["data"]
    ] == ["global"]
    debug = (await call(world, "GET", "/llm/models?debug=true"))[1]["data"][1]
    assert debug["mapping_id"] == "mapping:k"
    assert (
        "mapping_id"
        not in (await call(world, "GET", "/llm/models?debug=true", "user:u"))[1]["data"][1]
    )


async def test_view_endpoints_needs_an_admin_and_never_shows_a_key(world: World) -> None:
    await world.add("k", says("x"))
    _, body = await call(world, "GET", "/llm/models?view=endpoints")
    row = body["data"][1]
    assert row["api_key_masked"] == "sk-s***alue"
    assert row["has_api_key"] is True
    assert "api_key" not in row
    assert row["created_at"].endswith("+00:00")
    _, other = await call(world, "GET", "/llm/models?view=endpoints", "user:u")
    assert "base_url" not in other["data"][0]


async def test_the_apps_list_recommends_the_first_key(world: World) -> None:
    _, body = await call(world, "GET", "/llm/app/models", "anon:a")
    assert body["recommended_model"] == "global"
    assert body["data"][0]["model"] == body["data"][0]["name"] == "global"


async def test_an_endpoint_lives_through_its_routes(world: World) -> None:
    _, created = await call(world, "POST", "/llm/models", body=ENDPOINT)
    row = created["data"]
    assert row["base_url"] == "https://relay.example"
    assert (
        row["resolved_endpoints"]["chat_completions"] == "https://relay.example/v1/chat/completions"
    )
    path = f"/llm/models/{row['id']}"
    _, changed = await call(world, "PUT", "/llm/models", body={"id": row["id"], "is_default": True})
    assert changed["data"]["is_default"] is True
    assert changed["data"]["has_api_key"] is True
    _, checked = await call(world, "POST", f"{path}/check")
    assert (checked["data"]["status"], checked["data"]["model_list"]) == ("online", ["m-1", "m-2"])
    status, body = await call(world, "POST", "/llm/models/check-all")
    assert (status, body["code"], body["data"]["total"]) == (202, 202, 2)
    await until(lambda: all(e.status == "online" for e in world.models.endpoints))
    assert (await call(world, "DELETE", path))[0] == 200
    is_e2(await call(world, "GET", path), 404)
    is_e2(await call(world, "DELETE", path), 404)


async def test_bad_endpoints_are_refused_with_their_field(world: World) -> None:
    test_named = is_e2(
        await call(world, "POST", "/llm/models", body={**ENDPOINT, "name": "test-x"}), 400
    )
    assert test_named["message"] == "test_endpoint_name_not_allowed"
    bad = {**ENDPOINT, "base_url": "http://169.254.169.254/"}
    assert is_e2(await call(world, "POST", "/llm/models", body=bad), 422)["field"] == "base_url"
    is_e2(await call(world, "PUT", "/llm/models", body={"id": 77, "name": "x"}), 404)
    async with world.client("admin:a") as client:
        is_e3(await client.put("/api/v1/llm/models", json={"name": "x"}), "missing", ["body", "id"])
        broken = await client.post(
            "/api/v1/llm/models", content=b"{", headers={"Content-Type": "application/json"}
        )
        assert broken.json()["detail"][0]["type"] == "json_invalid"
        huge = await client.get(f"/api/v1/llm/models/{10**30}")
        is_e3(huge, "less_than_equal", ["path", "endpoint_id"])


async def test_blocked_models_leave_the_list(world: World) -> None:
    status, body = await call(
        world, "PUT", "/llm/models/blocked", body={"blocked": ["demo-thinkingml"]}
    )
    assert (status, body["data"]) == (200, ["demo-thinkingml"])
    assert (await call(world, "GET", "/llm/models/blocked", "anon:a"))[1]["data"] == [
        "demo-thinkingml"
    ]
    assert (await call(world, "GET", "/llm/models", "anon:a"))[1]["data"] == []


async def test_mappings_live_through_their_routes(world: World) -> None:
    group = {"scope_type": "tenant", "scope_key": "a/b:c", "default_model": "demo-fast"}
    _, body = await call(world, "POST", "/llm/model-groups", body=group)
    row = body["data"]
    assert set(row) == {
        *("id", "scope_type", "scope_key", "name", "default_model", "candidates", "is_active"),
        *("updated_at", "source", "metadata"),
    }
    assert row["id"] == "mapping:a/b:c"
    _, body = await call(world, "GET", "/llm/model-groups?scope_type=tenant", "user:u")
    assert [r["id"] for r in body["data"]] == ["mapping:a/b:c"]
    path = f"/llm/model-groups/{row['id']}"
    _, body = await call(world, "POST", f"{path}/activate", body={"default_model": "demo-slow"})
    assert body["data"]["default_model"] == "demo-slow"
    assert (await call(world, "DELETE", path))[0] == 200
    is_e2(await call(world, "DELETE", path), 404)
    is_e2(await call(world, "POST", "/llm/model-groups", body={**group, "default_model": ""}), 422)


async def test_the_apps_settings_change_only_what_is_sent(world: World) -> None:
    _, before = await call(world, "GET", "/llm/app/config")
    assert before["data"] == {
        "default_result_mode": "raw_passthrough",
        "prompt_mode": "server",
        "app_output_protocol": "thinkingml_v45",
        "web_search_enabled": False,
        "web_search_provider": "exa",
        "web_search_exa_api_key_masked": "",
        "web_search_exa_api_key_source": "none",
        "model_daily_quota": {
            "deepseek": None,
            "xai": 50,
            "gpt": 20,
            "claude": 20,
            "gemini": 20,
            "other": 20,
        },
    }
    patch = {"prompt_mode": "passthrough", "web_search_exa_api_key": "exa-1234567890"}
    _, after = await call(world, "POST", "/llm/app/config", body=patch)
    assert after["data"]["prompt_mode"] == "passthrough"
    assert after["data"]["web_search_exa_api_key_masked"] == "exa-***7890"
    assert after["data"]["default_result_mode"] == "raw_passthrough"
    async with world.client("admin:a") as client:
        url = "/api/v1/llm/app/config"
        is_e3(await client.post(url, json={"odd": 1}), "extra_forbidden", ["body", "odd"])
        is_e3(
            await client.post(url, json={"prompt_mode": "x"}),
            "value_error",
            ["body", "prompt_mode"],
        )
        quota = await client.post(url, json={"model_daily_quota": {"gpt": -1}})
        is_e3(quota, "value_error", ["body", "model_daily_quota"])


async def test_passthrough_mode_keeps_the_clients_own_prompt(world: World) -> None:
    await world.settings.change_app({"prompt_mode": "passthrough"})
    await world.add("k", says("x"))
    events = await world.talk(
        model="k", text="q", system_prompt="mine", tools=[{"type": "function"}]
    )
    conversation = world.suppliers.calls[0].conversation
    assert conversation is not None
    assert [m["content"] for m in conversation.messages] == ["mine", "q"]
    assert len(conversation.tools) == 1
    assert events[2][1]["prompt"]["mode"] == "passthrough"


async def test_prompts_live_through_their_routes(world: World) -> None:
    _, body = await call(world, "GET", "/llm/prompts?page_size=2")
    assert (body["total"], body["page"], body["page_size"], len(body["data"])) == (4, 1, 2, 2)
    _, body = await call(world, "PUT", "/llm/prompts/1", body={"content": "new", "parent_no": 1})
    assert (body["data"]["version_no"], body["data"]["content"]) == (2, "new")
    live = (await call(world, "GET", "/llm/prompts/1"))[1]["data"]
    assert (live["version_no"], live["newest_version_no"], live["live_version_no"]) == (1, 2, 1)
    is_e2(await call(world, "PUT", "/llm/prompts/1", body={"content": "x", "parent_no": 1}), 409)
    _, body = await call(world, "PUT", "/llm/prompts/1", body={"is_active": True})
    assert (body["data"]["version_no"], body["data"]["live_version_no"]) == (2, 2)
    assert len((await call(world, "GET", "/llm/prompts/1/versions"))[1]["data"]) == 2
    assert (await call(world, "GET", "/llm/prompts/1/versions/2"))[1]["data"]["content"] == "new"
    is_e2(await call(world, "GET", "/llm/prompts/1/versions/9"), 404)
    _, body = await call(world, "POST", "/llm/prompts/1/rollback", body={"version_no": 1})
    assert body["data"]["version_no"] == 3
    is_e2(await call(world, "POST", "/llm/prompts/1/rollback", body={"version_no": 9}), 404)
    _, body = await call(
        world, "POST", "/llm/prompts", body={"name": "n", "prompt_type": "system", "content": "c"}
    )
    mine = body["data"]["id"]
    await call(world, "POST", f"/llm/prompts/{mine}/activate")
    assert (await call(world, "GET", "/llm/prompts/1"))[1]["data"]["is_active"] is False
    is_e2(await call(world, "DELETE", f"/llm/prompts/{mine}"), 409)
    assert (await call(world, "PUT", f"/llm/prompts/{mine}", body={"is_active": False}))[0] == 200
    assert (await call(world, "DELETE", f"/llm/prompts/{mine}"))[0] == 200


ADMIN_ROUTES = [
    *(("POST", "/llm/models"), ("PUT", "/llm/models"), ("GET", "/llm/models/1")),
    *(
        ("DELETE", "/llm/models/1"),
        ("POST", "/llm/models/1/check"),
        ("GET", "/llm/models/check-all"),
    ),
    *(("PUT", "/llm/models/blocked"), ("POST", "/llm/model-groups")),
    *(("DELETE", "/llm/model-groups/global:global"), ("GET", "/llm/app/config")),
    *(("POST", "/llm/app/config"), ("GET", "/llm/prompts"), ("POST", "/llm/prompts")),
    *(("PUT", "/llm/prompts/1"), ("DELETE", "/llm/prompts/1"), ("POST", "/llm/prompts/1/activate")),
    *(("GET", "/llm/prompts/1/versions"), ("POST", "/llm/prompts/1/rollback")),
]


@pytest.mark.parametrize(("method", "path"), ADMIN_ROUTES)
async def test_admin_routes_refuse_everybody_else_before_the_body(
    world: World, method: str, path: str
) -> None:
    for token, status, code in (
        ("user:u", 403, "llm_admin_required"),
        ("anon:a", 403, "ANONYMOUS_ACCESS_DENIED"),
        ("bad", 401, "invalid_token"),
    ):
        async with world.client(token) as client:
            is_e1(await client.request(method, f"/api/v1{path}"), status, code)


async def test_mappings_are_not_for_anonymous_users(world: World) -> None:
    async with world.client("anon:a") as client:
        is_e1(await client.get("/api/v1/llm/model-groups"), 403, "forbidden")


async def test_health_routes_are_public(world: World) -> None:
    for path, word in (("healthz", "ok"), ("livez", "alive"), ("readyz", "ready")):
        status, body = await call(world, "GET", f"/{path}", token="")
        assert (status, body["status"]) == (200, word)
        assert body["service"]


async def test_browsers_of_other_origins_may_call_and_read_the_request_id(world: World) -> None:
    async with world.client() as client:
        answer = await client.options(
            "/api/v1/messages",
            headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"},
        )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
