"""E2eDesk: the real services around E2e, tested against a FakeUpstream on loopback."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from db.engine import Database
from services.chat.client import ChatClient
from services.e2e.parts import E2eParts
from services.e2e.service import E2e
from services.e2e.types import Cell, Launch, LaunchRequest, Run
from services.executions.service import Executions
from services.executions.types import Execution
from services.foundation.clock import Clock, SystemClock
from services.foundation.tasks import Tasks
from services.identities.service import Identities
from services.journal.service import Journal
from services.mapping.service import Mappings
from services.models.service import Models
from services.prompts.service import Prompts
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.settings.types import Env
from services.suppliers.service import Suppliers
from services.targets.service import Targets
from services.targets.types import TargetEdit
from tests.support.upstream import FakeUpstream


@dataclass
class OwnKeys:
    """Keys of an embedded sign-in that nobody asks here."""

    anon_key: str = "own-anon-key"
    service_key: str = "own-service-key"


class QuickClock(SystemClock):
    """The machine's clock whose sleeps over 6 s are short, so that waits of minutes can be tested."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds if seconds < 6 else 0.02)


class E2eDesk:
    """One start of the process; several may follow each other on one database."""

    def __init__(self, database: Database, env: Env, clock: Clock | None = None) -> None:
        self.database, self.env = database, env
        self.clock = clock or SystemClock()
        self.tasks = Tasks()
        self.secrets = Secrets(env.secrets_dir)
        self.settings = Settings(database, self.clock, env, "UTC")
        self.settings.load()
        self.targets = Targets(database, self.clock, self.secrets, env, OwnKeys())
        self.targets.load()
        self.models = Models(database, self.clock, self.secrets, self.settings)
        self.models.load()
        self.mapping = Mappings(database, self.clock, self.models, self.settings)
        self.mapping.load()
        self.prompts = Prompts(database, self.clock)
        self.prompts.load()
        self.chat = ChatClient(self.clock)
        self.suppliers = Suppliers(self.clock)
        self.identities = Identities(database, self.clock, self.secrets, self.targets, env)
        self.journal = Journal(database, self.clock, self.tasks, env.runtime_dir)
        self.journal.load()
        self.executions = Executions(database, self.clock, self.tasks, None, self.journal)
        self.e2e = E2e(
            E2eParts(
                database=database,
                clock=self.clock,
                tasks=self.tasks,
                settings=self.settings,
                targets=self.targets,
                identities=self.identities,
                chat=self.chat,
                mapping=self.mapping,
                executions=self.executions,
                suppliers=self.suppliers,
                models=self.models,
                prompts=self.prompts,
                journal=self.journal,
            )
        )
        self.e2e.load()

    async def aim(self, upstream: FakeUpstream) -> int:
        """Make the upstream the current target; return its number."""
        edit = TargetEdit(
            id=None,
            name=f"upstream {upstream.port}",
            api_base=upstream.api_base,
            auth_url=upstream.auth_url,
            anon_key=upstream.auth.anon_key,
            service_key=upstream.auth.service_key,
        )
        target = await self.targets.save(edit)
        await self.targets.select(target.id)
        return target.id

    async def launch(self, request: LaunchRequest | None = None) -> "Ended":
        """Run one launch to its end."""
        launch = await self.e2e.start(request or LaunchRequest())
        execution = await asyncio.wait_for(self.executions.wait(launch.execution_id), 60)
        ended, runs = await self.e2e.launch(launch.launch_id)
        return Ended(ended, runs, execution)

    async def stop(self) -> None:
        await self.executions.stop()
        await self.tasks.stop(2.0)
        self.journal.close()
        self.chat.close()
        await self.suppliers.close()
        await self.identities.close()


@dataclass
class Ended:
    """A launch that has ended, as stored."""

    launch: Launch
    runs: list[Run]
    execution: Execution

    @property
    def cells(self) -> list[Cell]:
        return [cell for run in self.runs for cell in run.results]

    def cell(self, model: str, user_type: str = "anonymous") -> Cell:
        return next(c for c in self.cells if (c.model_key, str(c.user_type)) == (model, user_type))


@asynccontextmanager
async def desk_on(
    database: Database, env: Env, upstream: FakeUpstream, clock: Clock | None = None
) -> AsyncGenerator[E2eDesk]:
    """A started desk aimed at the upstream, stopped afterwards."""
    desk = E2eDesk(database, env, clock)
    await desk.aim(upstream)
    try:
        yield desk
    finally:
        await desk.stop()
