"""/logs/recent: who may read, what a line holds, and that a request's lines name its user."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from db.engine import Database
from gymbro_ui.api import logs
from gymbro_ui.api.access import any_caller
from gymbro_ui.guard import Guard, access_rules
from services.logs.service import Logs
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.gateway import World

log = logging.getLogger("tests.route")


class LogWorld:
    def __init__(self, world: World) -> None:
        console = world.console
        self.logs = console.logs = Logs(console.settings, world.clock, list, console.database)
        inner = FastAPI()
        inner.include_router(logs.router(console))
        caller = any_caller(console)

        @inner.get("/api/v1/refuse")
        async def refuse(request: Request) -> None:  # pyright: ignore[reportUnusedFunction]
            await caller(request)
            log.error("refused")

        rules = access_rules("http://127.0.0.1:1", "127.0.0.1", 1, ("*",))
        self.app: Any = Guard(inner, rules, ())

    async def ask(self, path: str, token: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return await client.get(f"/api/v1{path}", headers=headers)


@pytest.fixture
def world(database: Database, env: Env, secrets: Secrets) -> Iterator[LogWorld]:
    made = LogWorld(World(database, env, secrets))
    made.logs.install()
    yield made
    made.logs.remove()


async def test_a_request_with_a_token_logs_its_user_and_its_id(world: LogWorld) -> None:
    answered = await world.ask("/refuse", "user:ann")
    body = (await world.ask("/logs/recent", "user:bob")).json()
    [line] = body["data"]["logs"]
    assert line["user_id"] == "ann"
    assert line["request_id"] == answered.headers["x-request-id"]
    assert (line["level"], line["level_num"], line["message"]) == ("ERROR", 40, "refused")
    assert {"timestamp", "module", "function", "line"} < set(line)
    assert {k: body["data"][k] for k in ("level", "limit", "count")} == {
        "level": "WARNING", "limit": 100, "count": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/logs/recent", "", 401),
        ("/logs/recent", "anon:eve", 403),
        ("/logs/recent?level=DEBUG", "user:bob", 422),
        ("/logs/recent?limit=0", "user:bob", 422),
        ("/logs/recent?limit=1001", "user:bob", 422),
        ("/logs/recent?level=INFO&limit=1000", "user:bob", 200),
    ],
)
async def test_who_may_read_and_what_may_be_asked(
    world: LogWorld, path: str, token: str, status: int
) -> None:
    assert (await world.ask(path, token)).status_code == status
