"""OpenAiGateway: the /v1 routes over real services, behind the real guard, on a loopback socket."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import httpx
import uvicorn

from db.engine import Database
from gymbro_ui.api import openai
from gymbro_ui.guard import Guard, access_rules
from services.accounts.service import Accounts
from services.accounts.types import Caller, Origin
from services.accounts.verifier import Verifier
from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.gateway.service import Gateway
from services.mapping.service import Mappings
from services.mapping.types import MappingEdit, Scope
from services.models.service import Models
from services.models.types import EndpointEdit
from services.prompts.service import Prompts
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.settings.types import Env, RateLimits
from services.suppliers.service import Suppliers
from tests.support.builders import until
from tests.support.quick_server import QuickServer

LIMITS = RateLimits(user_qps=0, anonymous_qps=0, user_daily=0, anonymous_daily=0)


@dataclass
class Counted:
    """A usage sink that remembers."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)

    def record_activity(self, caller: Caller) -> None:
        self.callers.append(caller)

    def record_request(self, **values: Any) -> None:
        self.requests.append(values)


@dataclass
class OpenAiGateway:
    console: Any
    counted: Counted
    base_url: str
    token: str  # of an anonymous user

    async def add_model(self, key: str, base_url: str, **values: Any) -> None:
        """Map the key to an endpoint made for it."""
        given: dict[str, Any] = {
            "model": f"{key}-upstream",
            "provider_protocol": "openai",
            "api_key": "sk-canary-0123456789abcdef",
            "allows_local": True,
            **values,
        }
        edit = EndpointEdit(name=key, base_url=base_url, **given)
        endpoint = await self.console.models.save(edit)
        await self.console.mapping.save(MappingEdit(Scope.MAPPING, key, key, endpoint.model))

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        chosen = self.token if token is None else token
        headers = {"Authorization": f"Bearer {chosen}"} if chosen else {}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, trust_env=False)


@asynccontextmanager
async def openai_gateway(
    database: Database, secrets: Secrets, env: Env, limits: RateLimits = LIMITS
) -> AsyncGenerator[OpenAiGateway]:
    env = replace(env, rate_limits=limits)
    clock = SystemClock()
    counted = Counted()
    console = _console(database, secrets, env, clock, counted)
    body = await console.accounts.sign_up({}, Origin("127.0.0.1"))
    rules = access_rules(env.public_url, env.host, env.port, ("*",))
    guard = Guard(_not_found, rules, openai.routes(console))
    config = uvicorn.Config(
        guard, env.host, env.port, log_level="error", lifespan="off", ws="none", access_log=False
    )
    server = QuickServer(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield OpenAiGateway(console, counted, env.public_url, body["access_token"])
    finally:
        server.should_exit = True
        await serving
        await console.suppliers.close()
        await console.tasks.stop()


def _console(
    database: Database, secrets: Secrets, env: Env, clock: SystemClock, counted: Counted
) -> Any:
    tasks = Tasks()
    settings = Settings(database, clock, env, "UTC")
    accounts = Accounts(database, clock, secrets, env)
    suppliers = Suppliers(clock)
    suppliers.demo_pacing_s = 0
    models = Models(database, clock, secrets, settings)
    mapping = Mappings(database, clock, models, settings)
    prompts = Prompts(database, clock)
    for service in (settings, accounts, models, mapping, prompts):
        service.load()
    gateway = Gateway(
        database, clock, tasks, settings, models, mapping, prompts, suppliers, counted
    )
    gateway.load()
    return SimpleNamespace(
        env=env,
        clock=clock,
        tasks=tasks,
        accounts=accounts,
        suppliers=suppliers,
        models=models,
        mapping=mapping,
        gateway=gateway,
        verifier=Verifier(accounts, clock, env),
    )


async def _not_found(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
