"""AgentsDesk: an E2eDesk with prompts, agents, probing and workflows."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from db.engine import Database
from services.agents.parts import AgentParts
from services.agents.service import Agents
from services.agents.types import Agent, AgentEdit
from services.executions.types import Execution
from services.foundation.clock import Clock
from services.models.probing import Probing
from services.prompts.service import Prompts
from services.settings.types import Env
from services.workflows.service import Workflows
from services.workflows.types import Step, Workflow, WorkflowEdit
from tests.support.e2e_desk import E2eDesk
from tests.support.upstream import FakeUpstream


class AgentsDesk(E2eDesk):
    """One start of the process; several may follow each other on one database."""

    def __init__(self, database: Database, env: Env, clock: Clock | None = None) -> None:
        super().__init__(database, env, clock)
        self.prompts = Prompts(database, self.clock)
        self.prompts.load()
        self.executions.register(Probing(self.models, self.suppliers).kind)
        self.agents = Agents(
            AgentParts(
                database,
                self.clock,
                self.settings,
                self.targets,
                self.identities,
                self.chat,
                self.prompts,
                self.executions,
            )
        )
        self.agents.load()
        self.workflows = Workflows(database, self.clock, self.executions, self.agents)
        self.workflows.load()

    async def an_agent(self, model_key: str = "a", **fields: Any) -> Agent:
        """Return a stored agent."""
        name = fields.pop("name", f"Agent of {model_key}")
        return await self.agents.save(AgentEdit(None, name, model_key, **fields))

    async def a_workflow(self, *steps: Step, name: str = "Nightly") -> Workflow:
        """Return a stored workflow."""
        return await self.workflows.save(WorkflowEdit(None, name, "", steps))

    async def ended(self, execution: Execution, seconds: float = 30) -> Execution:
        """Return the execution once it has ended."""
        return await asyncio.wait_for(self.executions.wait(execution.execution_id), seconds)


@asynccontextmanager
async def agents_desk(
    database: Database, env: Env, upstream: FakeUpstream, clock: Clock | None = None
) -> AsyncGenerator[AgentsDesk]:
    """A started desk aimed at the upstream, stopped afterwards."""
    desk = AgentsDesk(database, env, clock)
    await desk.aim(upstream)
    try:
        yield desk
    finally:
        await desk.stop()
