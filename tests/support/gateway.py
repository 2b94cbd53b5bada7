"""A gateway on a real loopback server, with a scripted supplier and tokens that name their caller."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from db.engine import Database
from gymbro_ui.api import health, mapping, messages, models, prompts
from gymbro_ui.guard import Guard, access_rules
from services.executions.service import Executions
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.gateway.service import Gateway
from services.journal.service import Journal
from services.mapping.service import Mappings
from services.mapping.types import MappingEdit, Scope
from services.models.monitor import Monitor
from services.models.probing import Probing
from services.models.service import Models
from services.models.types import EndpointEdit
from services.prompts.service import Prompts
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.quick_server import QuickServer
from tests.support.scripted import Counted, NamedTokens, Script, ScriptedSuppliers

PADDING = b":" + b" " * 2048 + b"\n\n"


def limits(env: Env, **changes: Any) -> Env:
    """The environment with other guards; everything generous unless said."""
    generous = {
        "user_qps": 0,
        "anonymous_qps": 0,
        "streams_per_user": 0,
        "streams_per_anonymous": 0,
    }
    return replace(env, rate_limits=replace(env.rate_limits, **{**generous, **changes}))


class World:
    """One gateway with its services, and the server in front of it."""

    def __init__(self, database: Database, env: Env, secrets: Secrets, clock: Any = None) -> None:
        self.database = database
        self.env = env
        self.clock = clock or SystemClock()
        self.tasks = Tasks()
        self.secrets = secrets
        self.settings = Settings(database, self.clock, env, "UTC")
        self.settings.load()
        self.models = Models(database, self.clock, secrets, self.settings)
        self.models.load()
        self.mapping = Mappings(database, self.clock, self.models, self.settings)
        self.mapping.load()
        self.prompts = Prompts(database, self.clock)
        self.prompts.load()
        self.suppliers = ScriptedSuppliers()
        self.executions = Executions(database, self.clock, self.tasks)
        self.executions.register(Probing(self.models, self.suppliers).kind)
        self.monitor = Monitor(self.executions, self.settings, self.clock, self.tasks)
        self.usage = Counted()
        self.journal = Journal(database, self.clock, self.tasks, env.runtime_dir)
        self.journal.load()
        self.gateway = Gateway(
            database,
            self.clock,
            self.tasks,
            self.settings,
            self.models,
            self.mapping,
            self.prompts,
            self.suppliers,
            self.usage,
            self.journal,
        )
        self.gateway.load()
        self.base = ""
        self.port = 0

    @property
    def console(self) -> Any:
        names = [
            "env",
            "clock",
            "tasks",
            "database",
            "secrets",
            "settings",
            "models",
            "mapping",
            "prompts",
            "suppliers",
            "executions",
            "monitor",
            "gateway",
            "journal",
        ]
        return SimpleNamespace(
            verifier=NamedTokens(),
            cluster=SimpleNamespace(is_shared=False),
            **{name: getattr(self, name) for name in names},
        )

    def app(self) -> Any:
        """The application as the console serves it: guard and hot routes outside of FastAPI."""
        inner = FastAPI()
        for module in (messages, models, mapping, prompts, health):
            inner.include_router(module.router(self.console))
        rules = access_rules("http://127.0.0.1:1", "127.0.0.1", 1, ("*",))
        return Guard(inner, rules, messages.routes(self.console))

    async def add(
        self, key: str, script: Script | None = None, *, model: str = "", **edit: Any
    ) -> int:
        """Map a key to a model of a real-looking endpoint; return the endpoint's id."""
        model = model or f"model-of-{key}"
        defaults: dict[str, Any] = {
            "base_url": "http://127.0.0.1:9",
            "api_key": "sk-secret-value",
            "allows_local": True,
        }
        endpoint = await self.models.save(
            EndpointEdit(
                name=edit.pop("name", f"endpoint-{key}"), model=model, **{**defaults, **edit}
            )
        )
        await self.mapping.save(MappingEdit(Scope.MAPPING, key, default_model=model))
        if script is not None:
            self.suppliers.scripts[model] = script
        return endpoint.id

    async def post(self, token: str = "user:u1", **body: Any) -> httpx.Response:
        async with self.client(token) as client:
            return await client.post("/api/v1/messages", json=body)

    async def events(
        self, message_id: str, token: str = "user:u1", query: str = ""
    ) -> tuple[int, bytes]:
        async with self.client(token) as client:
            answer = await client.get(f"/api/v1/messages/{message_id}/events{query}")
            return answer.status_code, answer.content

    async def talk(self, token: str = "user:u1", **body: Any) -> list[tuple[str, dict[str, Any]]]:
        """Post one message and return its events."""
        answer = await self.post(token, **body)
        assert answer.status_code == 202, answer.text
        status, content = await self.events(answer.json()["message_id"], token)
        assert status == 200
        return frames(content)

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"User-Agent": "GymBro/1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(base_url=self.base, headers=headers, timeout=20, trust_env=False)

    async def stop(self) -> None:
        await self.executions.stop()
        await self.gateway.stop()
        await self.tasks.stop()
        self.journal.close()


@asynccontextmanager
async def serving(
    world: World, app: Any = None, *, ws: Any = "none", **options: Any
) -> AsyncGenerator[World]:
    """Serve the world's application on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        config = uvicorn.Config(
            app or world.app(),
            log_level="critical",
            lifespan="off",
            ws=ws,
            access_log=False,
            proxy_headers=False,
            **options,
        )
        server = QuickServer(config)
        world.port = sock.getsockname()[1]
        world.base = f"http://127.0.0.1:{world.port}"
        task = asyncio.ensure_future(server.serve(sockets=[sock]))
        await until(lambda: server.started)
        await world.gateway.start()
        try:
            yield world
        finally:
            await world.stop()
            server.should_exit = server.force_exit = True
            await task


def frames(content: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The events of a whole stream, comments left out."""
    found = []
    for block in content.split(b"\n\n"):
        lines = block.split(b"\n")
        if lines[0].startswith(b"event: "):
            assert len(lines) == 2
            assert lines[1].startswith(b"data: ")
            found.append((lines[0][7:].decode(), json.loads(lines[1][6:])))
    return found


def reply(events: list[tuple[str, dict[str, Any]]]) -> str:
    return "".join(data["delta"] for name, data in events if name == "content_delta")


async def until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 5.0) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(timeout_s):
        while True:
            value = condition()
            if (await value) if isinstance(value, Awaitable) else value:
                return
            await asyncio.sleep(0.01)


def is_e1(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body = answer.json()
    assert answer.status_code == status, body
    assert body["status"] == status
    assert body["code"] == code
    assert body["message"]
    assert body["msg"].startswith(body["message"])
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def is_e3(answer: httpx.Response, kind: str, loc: list[Any]) -> dict[str, Any]:
    body = answer.json()
    assert answer.status_code == 422, body
    assert set(body) == {"detail", "msg", "request_id"}
    assert body["msg"] == "请求参数错误"
    found = body["detail"][0]
    assert (found["type"], found["loc"]) == (kind, loc)
    assert {"type", "loc", "msg", "input"} <= set(found)
    return found
