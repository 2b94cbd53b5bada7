"""LoadDesk: the real services around load tests, against a FakeUpstream on loopback."""

import asyncio
from typing import Any

from sqlmodel import Session, func, select

from db.engine import Database
from db.tables.load_runs import PromptTestRow
from services.executions.types import Execution, Trigger
from services.loadtest.parts import LoadParts
from services.loadtest.service import LoadTests
from services.loadtest.types import LoadRun
from services.settings.types import Env
from tests.support.e2e_desk import E2eDesk


class LoadDesk(E2eDesk):
    """An E2eDesk with load tests."""

    def __init__(self, database: Database, env: Env) -> None:
        super().__init__(database, env)
        self.loadtest = LoadTests(
            LoadParts(
                database,
                self.clock,
                self.settings,
                self.targets,
                self.identities,
                self.executions,
                journal=self.journal,
            )
        )

    async def begin(self, **values: Any) -> Execution:
        return await self.loadtest.start(values, trigger=Trigger.API)

    async def load(self, **values: Any) -> tuple[Execution, LoadRun]:
        """One load test to its end."""
        execution = await self.begin(**values)
        ended = await asyncio.wait_for(self.executions.wait(execution.execution_id), 60)
        return ended, await self.loadtest.run(execution.execution_id)


def rows_in(database: Database) -> int:
    def count(session: Session) -> int:
        return session.exec(select(func.count()).select_from(PromptTestRow)).one()

    return database.read_now(count)


def counts_of(run: LoadRun) -> dict[str, int]:
    assert run.summary is not None
    assert sum(run.summary.counts.values()) == run.summary.requested
    return {name: count for name, count in run.summary.counts.items() if count}
