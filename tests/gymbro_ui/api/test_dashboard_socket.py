"""WS /api/v1/ws/dashboard: who may, the figures at once and at the interval of the settings."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from db.engine import Database
from services.accounts.types import Caller, UserType
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.gateway import limits, serving
from tests.support.stats_routes import StatsWorld


@pytest.fixture
async def world(database: Database, env: Env, secrets: Secrets) -> AsyncIterator[StatsWorld]:
    made = StatsWorld(database, limits(env), secrets)
    async with serving(made.world, made.app, ws="wsproto", ws_per_message_deflate=False):
        yield made
        await made.desk.stop()


@asynccontextmanager
async def follow(
    world: StatsWorld, query: str = "token=user:a", **options: Any
) -> AsyncGenerator[ClientConnection]:
    url = f"ws://127.0.0.1:{world.world.port}/api/v1/ws/dashboard?{query}"
    async with connect(url, proxy=None, **options) as socket:
        yield socket


async def update(socket: ClientConnection, seconds: float = 5.0) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        return json.loads(await socket.recv())


async def closed(socket: ClientConnection) -> int:
    with pytest.raises(websockets.ConnectionClosed):
        await update(socket)
    return socket.close_code or 0


@pytest.mark.parametrize("token", ["nonsense", "expired", "anon:a"])
async def test_s3_11_a_bad_or_anonymous_token_closes_1008(world: StatsWorld, token: str) -> None:
    async with follow(world, f"token={token}") as by_query, follow(world, "") as by_message:
        await by_message.send(json.dumps({"token": token}))
        assert [await closed(by_query), await closed(by_message)] == [1008, 1008]


async def test_s3_11_the_socket_tells_what_the_route_tells_and_no_log_holds_the_token(
    world: StatsWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.stats.record_activity(Caller("u1", UserType.PERMANENT))
    await world.stats.flush()
    headers = {"Authorization": "Bearer user:secretive"}
    async with follow(world, "time_window=7d", additional_headers=headers) as socket:
        message = await update(socket)
    assert (message["type"], message["interval_s"]) == ("stats_update", 10)
    assert message["data"] == (await world.ask("GET", "/dashboard?time_window=7d")).json()["data"]
    assert message["data"]["daily_active_users"]["count"] == 1
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.client")]
    assert not any("secretive" in text for text in ours)


async def test_s3_11_two_tabs_of_a_user_both_get_every_update_at_the_interval(
    world: StatsWorld,
) -> None:
    await world.desk.settings.change({"websocket_push_interval": 1})
    async with follow(world) as one, follow(world) as other:
        begun = time.monotonic()
        await asyncio.gather(update(one), update(other))
        world.stats.record_activity(Caller("u1", UserType.PERMANENT))
        await world.stats.flush()
        second = await asyncio.gather(update(one), update(other))
        assert [m["data"]["daily_active_users"]["count"] for m in second] == [1, 1]
        assert 0.8 <= time.monotonic() - begun < 4


async def test_s3_11_another_interval_counts_at_once(world: StatsWorld) -> None:
    await world.desk.settings.change({"websocket_push_interval": 300})
    async with follow(world) as socket:
        await update(socket)
        await world.desk.settings.change({"websocket_push_interval": 1})
        assert (await update(socket, 4.0))["interval_s"] == 1


async def test_a_window_that_does_not_exist_closes_1008(world: StatsWorld) -> None:
    for query in ("time_window=2d", "include=everybody"):
        async with follow(world, f"token=user:a&{query}") as socket:
            assert await closed(socket) == 1008
