"""The same endpoints as plain Starlette routes and as FastAPI routes; a store that refuses."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from db.engine import Database
from db.errors import DatabaseUnavailableError
from gymbro_ui.api import health, mapping, messages, models, prompts
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.gateway import World, frames, is_e1, limits, reply, serving
from tests.support.scripted import says


def starlette(world: World) -> Any:
    return Starlette(
        routes=[
            Route(path, endpoint, methods=[method])
            for method, path, endpoint in messages.routes(world.console)
        ]
    )


def fastapi(world: World) -> Any:
    app = FastAPI()
    app.include_router(messages.router(world.console))
    return app


@pytest.mark.parametrize("mount", [starlette, fastapi])
async def test_the_endpoints_work_without_the_guard(
    database: Database, env: Env, secrets: Secrets, mount: Any
) -> None:
    world = World(database, limits(env), secrets)
    async with serving(world, mount(world)):
        await world.add("k", says("x"))
        assert reply(await world.talk(text="hi", model="k")) == "x"
        async with world.client("user:u1") as client:
            slash = await client.post("/api/v1/messages/", json={"text": "hi", "model": "k"})
            assert slash.status_code == 202
            named = await client.post("/api/v1/messages", json={}, headers={"X-Request-Id": "mine"})
            assert named.json()["request_id"] == named.headers["x-request-id"] == "mine"


async def test_the_description_names_body_and_refusals(
    database: Database, env: Env, secrets: Secrets
) -> None:
    described = fastapi(World(database, limits(env), secrets)).openapi()["paths"]
    post = described["/api/v1/messages"]["post"]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert body["additionalProperties"] is False
    assert {"202", "401", "422", "429"} <= set(post["responses"])
    assert set(described) == {"/api/v1/messages", "/api/v1/messages/{message_id}/events"}


async def test_every_route_is_described_under_its_own_name(
    database: Database, env: Env, secrets: Secrets
) -> None:
    world = World(database, limits(env), secrets)
    app = FastAPI()
    for module in (messages, models, mapping, prompts, health):
        app.include_router(module.router(world.console))
    operations = [
        operation["operationId"]
        for path in app.openapi()["paths"].values()
        for operation in path.values()
    ]
    assert len(operations) == len(set(operations)) > 30


async def test_a_store_that_refuses_stops_no_conversation(
    database: Database, env: Env, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_change: object) -> None:
        raise DatabaseUnavailableError("full", "the disk is full")

    async with serving(World(database, limits(env), secrets)) as world:
        await world.add("k", says("x"))
        with monkeypatch.context() as patched:
            patched.setattr(database, "write", refuse)
            events = await world.talk(text="hi", model="k")
            assert events[-1][0] == "completed"
            async with world.client("admin:a") as client:
                answer = await client.post(
                    "/api/v1/llm/models", json={"name": "n", "base_url": "http://x.example"}
                )
            assert answer.status_code == answer.json()["code"] == 503
            patched.setattr(database, "read", refuse)
            async with world.client("user:u1") as client:
                unread = await client.get(f"/api/v1/messages/{'0' * 32}/events")
            is_e1(unread, 503, "store_unavailable")
        mid = events[-1][1]["message_id"]
        assert frames((await world.events(mid))[1])[-1][0] == "completed"
