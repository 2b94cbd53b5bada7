"""The routes and the socket of executions on a real server, and clients of that socket."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import websockets
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from db.engine import Database
from gymbro_ui.api import executions
from gymbro_ui.guard import Guard, access_rules
from services.executions.types import Execution
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.executions import Work
from tests.support.gateway import World, limits, serving


@asynccontextmanager
async def execution_world(
    database: Database, env: Env, secrets: Secrets, clock: Any = None
) -> AsyncGenerator[World]:
    """Serve as the console does: guard outside, wsproto inside."""
    world = World(database, limits(env), secrets, clock)
    inner = FastAPI()
    inner.include_router(executions.router(world.console))
    app = Guard(inner, access_rules("http://127.0.0.1:1", "127.0.0.1", 1, ("*",)))
    async with serving(world, app, ws="wsproto", ws_per_message_deflate=False):
        yield world


def add_work(world: World, name: str = "demo", **options: Any) -> Work:
    """Register a kind whose work waits until it is let go."""
    work = Work(name, **{"exclusive": False, **options})
    world.executions.register(work.kind)
    return work


class Follower:
    """A client of the socket."""

    def __init__(
        self,
        world: World,
        query: str = "",
        *,
        token: str | None = "operator",
        headers: dict[str, str] | None = None,
    ) -> None:
        parts = [part for part in (query, f"token={token}" if token else "") if part]
        self._url = f"ws://127.0.0.1:{world.port}/api/v1/ws/executions?{'&'.join(parts)}"
        self._headers = headers or {}
        self._socket: ClientConnection | None = None

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._url, additional_headers=self._headers, proxy=None)
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.socket.close()

    async def next(self, seconds: float = 5.0) -> dict[str, Any]:
        """The next message; pings of the server are left out."""
        async with asyncio.timeout(seconds):
            while True:
                message = json.loads(await self.socket.recv())
                if message["type"] != "ping":
                    return message

    async def until(self, status: str, number: int) -> list[dict[str, Any]]:
        """Every update up to the one that shows that execution in that state."""
        found: list[dict[str, Any]] = []
        while True:
            message = await self.next()
            assert message["type"] == "execution_update"
            found.append(message)
            if message["data"]["id"] == number and message["data"]["status"] == status:
                return found

    async def closed(self, seconds: float = 5.0) -> tuple[int, str]:
        """How the server closes the socket."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.socket.recv()
        except websockets.ConnectionClosed:
            return self.socket.close_code or 0, self.socket.close_reason or ""


class Crowd:
    """Clients that note how long each announcement took to reach them."""

    def __init__(self, world: World, count: int) -> None:
        self.count = count
        self.ready = 0
        self.last = 1 << 60  # the number after which everybody may leave
        self.delays: list[float] = []
        self._world = world
        self._told: dict[int, float] = {}
        world.executions.changed.subscribe(self._note)

    def _note(self, one: Execution) -> None:
        self._told.setdefault(one.seq, time.perf_counter())

    async def follow(self) -> None:
        """Be one of them."""
        async with Follower(self._world) as follower:
            await follower.next()
            self.ready += 1
            while True:
                seq = (await follower.next(20))["seq"]
                self.delays.append(time.perf_counter() - self._told[seq])
                if seq >= self.last:
                    return


def open_deaf(world: World) -> socket.socket:
    """A client that shakes hands and then reads nothing, with a small buffer."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect(("127.0.0.1", world.port))
    raw.sendall(
        b"GET /api/v1/ws/executions?token=operator HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    return raw
