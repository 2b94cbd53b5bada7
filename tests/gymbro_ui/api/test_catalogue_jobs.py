"""Routes of the monitor and the import, and the named tests of the register: switch and mapping."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.engine import Database
from services.accounts.types import Caller, UserType
from services.mapping.service import Mappings
from services.models.service import Models
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.gateway import World, limits, serving, until
from tests.support.scripted import says


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[World]:
    async with serving(World(database, limits(env), secrets)) as served:
        yield served


async def call(
    world: World, method: str, path: str, token: str = "admin:a", body: Any = None
) -> tuple[int, Any]:
    async with world.client(token) as client:
        answer = await client.request(method, f"/api/v1/llm{path}", json=body)
        return answer.status_code, answer.json()


async def test_switch_the_default_in_parallel_leaves_exactly_one(world: World) -> None:
    ids = [await world.add(f"k{n}", says("x")) for n in range(8)]
    answers = await asyncio.gather(
        *(
            call(world, "PUT", "/models", body={"id": endpoint_id, "is_default": True})
            for endpoint_id in ids
        )
    )
    assert {status for status, _ in answers} == {200}
    assert sum(endpoint.is_default for endpoint in world.models.endpoints) == 1
    again = Models(world.database, world.clock, world.secrets, world.settings)
    again.load()
    assert [e.id for e in again.endpoints if e.is_default] == [
        e.id for e in world.models.endpoints if e.is_default
    ]
    default = next(e.id for e in world.models.endpoints if e.is_default)
    assert (await call(world, "DELETE", f"/models/{default}"))[0] == 200
    assert sum(endpoint.is_default for endpoint in world.models.endpoints) == 1


async def test_mapping_written_over_the_wire_routes_and_survives_a_restart(world: World) -> None:
    await world.add("k", says("first"), model="first", model_list=("first", "second"))
    world.suppliers.scripts["second"] = says("second")
    body = {
        "scope_type": "tenant",
        "scope_key": "app",
        "default_model": "second",
        "candidates": ["first", "second"],
        "metadata": {"own": {"field": 1}},
    }
    status, saved = await call(world, "POST", "/model-groups", body=body)
    assert (status, saved["data"]["id"]) == (200, "mapping:app")
    events = await world.talk(model="app", text="hi")
    assert dict(events)["completed"]["resolved_model"] == "second"
    again = Mappings(world.database, world.clock, world.models, world.settings)
    again.load()
    stored = again.get("tenant:app")
    assert stored is not None
    assert stored.metadata == {"own": {"field": 1}}
    assert (await call(world, "DELETE", "/model-groups/mapping:app"))[0] == 200
    again.load()
    assert again.get("mapping:app") is None


async def test_the_monitor_is_started_asked_and_stopped(world: World) -> None:
    _, before = await call(world, "GET", "/monitor/status")
    assert before["data"]["is_running"] is True
    assert set(before["data"]) >= {
        "is_running",
        "probe_running",
        "interval_seconds",
        "last_run_at",
        "last_error",
    }
    _, started = await call(world, "POST", "/monitor/start", body={"interval_seconds": 60})
    assert started["data"]["interval_seconds"] == 60
    _, stopped = await call(world, "POST", "/monitor/stop")
    assert stopped["data"]["is_running"] is False
    for wrong in (9, 601, "soon", None):
        status, body = await call(world, "POST", "/monitor/start", body={"interval_seconds": wrong})
        assert status == 422
        assert body["detail"][0]["loc"][-1] == "interval_seconds"


async def test_check_all_is_one_execution_and_a_second_call_joins_it(world: World) -> None:
    await world.add("k", says("x"))
    (_, first), (_, second) = await asyncio.gather(
        call(world, "POST", "/models/check-all"), call(world, "POST", "/models/check-all")
    )
    assert first["code"] == second["code"] == 202
    assert first["data"]["total"] == 2
    await until(lambda: not world.executions.running())
    [execution] = [e for e in await world.executions.newest(10) if e.execution_type == "probe"][:1]
    assert execution.trigger == "api"
    assert execution.started_by == "a"


async def test_an_import_says_what_it_does_and_a_dry_run_does_nothing(world: World) -> None:
    row = {"scope_type": "tenant", "scope_key": "app", "default_model": "m", "candidates": "[]"}
    bad = {"scope_type": "planet", "scope_key": "x", "default_model": "m"}
    path = "/model-groups/import-local-json"
    _, dry = await call(world, "POST", f"{path}?dry_run=true", body={"data": [row, bad]})
    assert dry["data"]["added"] == ["mapping:app"]
    assert dry["data"]["skipped"] == [{"id": "x", "reason": "There is no scope planet"}]
    assert world.mapping.get("mapping:app") is None
    await call(world, "POST", path, body=[row])
    assert world.mapping.get("mapping:app") is not None
    _, again = await call(world, "POST", path, body=[row])
    assert (again["data"]["added"], again["data"]["same"]) == ([], 1)
    status, _ = await call(world, "POST", path, body={"nothing": 1})
    assert status in (400, 422)


async def test_a_premium_user_of_the_owners_making_is_routed_by_its_scope(world: World) -> None:
    await world.add("k", model="plain", model_list=("plain", "better"))
    for scope, key, model in (("mapping", "k", "plain"), ("premium_user", "*", "better")):
        body = {
            "scope_type": scope,
            "scope_key": key,
            "default_model": model,
            "candidates": ["plain", "better"],
        }
        await call(world, "POST", "/model-groups", body=body)
    paid = {"app_metadata": {"tier": "pro"}}
    forged = {"user_metadata": {"tier": "pro"}}
    for claims, expected in ((paid, "better"), (forged, "plain"), ({}, "plain")):
        caller = Caller("u", UserType.PERMANENT, claims=claims)
        assert world.gateway.resolve_for(caller, "k").resolution.model == expected
    anonymous = Caller("u", UserType.ANONYMOUS, claims=paid)
    assert world.gateway.resolve_for(anonymous, "k").resolution.model == "plain"


async def test_the_registry_lists_each_model_with_who_offers_it_and_its_flaw(world: World) -> None:
    await world.add("k", model="a", model_list=("a", "text-embedding-3"), name="one")
    await world.add("l", model="a", name="two")
    await call(world, "PUT", "/models/blocked", body={"blocked": ["a"]})
    _, body = await call(world, "GET", "/models/registry")
    rows = {row["model"]: row for row in body["data"]}
    assert [e["name"] for e in rows["a"]["endpoints"]] == ["one", "two"]
    assert rows["a"]["flaw"] == "blocked"
    assert rows["text-embedding-3"]["flaw"] == "embedding"
    assert rows["demo-thinkingml"]["flaw"] is None
