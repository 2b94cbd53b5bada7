"""The routes of /stats over real services, with a FakeUpstream as the service under test."""

from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from db.engine import Database
from gymbro_ui.api import dashboard_socket, e2e, stats
from gymbro_ui.guard import Guard, access_rules
from services.accounts.service import Accounts
from services.accounts.verifier import Verifier
from services.models.monitor import Monitor
from services.schedules.service import Schedules
from services.secrets.service import Secrets
from services.settings.types import Env
from services.stats.service import Stats
from tests.support.e2e_desk import E2eDesk
from tests.support.gateway import World


class StatsWorld:
    """Callers are named by their tokens, see NamedTokens."""

    def __init__(self, database: Database, env: Env, secrets: Secrets, clock: Any = None) -> None:
        world = self.world = World(database, env, secrets, clock)
        self.desk = E2eDesk(database, env, world.clock)
        accounts = Accounts(database, world.clock, secrets, env)
        accounts.load()
        verifier = Verifier(accounts, world.clock, env)
        self.stats = Stats(database, world.clock, world.tasks, self.desk.settings, verifier)
        self.schedules = Schedules(database, world.clock, self.desk.settings, world.tasks)
        self.schedules.load()
        self.monitor = Monitor(self.desk.executions, self.desk.settings, world.clock, world.tasks)
        self.console: Any = SimpleNamespace(
            **{
                **vars(world.console),
                "settings": self.desk.settings,
                "mapping": self.desk.mapping,
                "models": self.desk.models,
                "targets": self.desk.targets,
                "executions": self.desk.executions,
                "e2e": self.desk.e2e,
                "stats": self.stats,
                "schedules": self.schedules,
                "monitor": self.monitor,
            }
        )
        inner = FastAPI()
        for module in (e2e, stats, dashboard_socket):
            inner.include_router(module.router(self.console))
        rules = access_rules("http://127.0.0.1:1", "127.0.0.1", 1, ("*",))
        self.app = Guard(inner, rules, ())

    async def ask(
        self, method: str, path: str, token: str = "admin:boss", **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:1/api/v1/stats", headers=headers
        ) as client:
            return await client.request(method, path, **options)
