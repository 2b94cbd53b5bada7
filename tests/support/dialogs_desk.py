"""DialogsDesk: single conversations over the real services, aimed at a FakeUpstream on loopback."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from db.engine import Database
from services.dialogs.keeping import Journal
from services.dialogs.parts import DialogParts
from services.dialogs.service import Dialogs
from services.dialogs.types import Dialog, LiveDialog
from services.foundation.clock import Clock
from services.settings.types import Env
from tests.support.e2e_desk import E2eDesk
from tests.support.upstream import FakeUpstream


class DialogsDesk(E2eDesk):
    """One start of the process; several may follow each other on one database."""

    def __init__(
        self,
        database: Database,
        env: Env,
        clock: Clock | None = None,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(database, env, clock)
        self.dialogs = Dialogs(
            DialogParts(
                database,
                self.clock,
                self.tasks,
                self.settings,
                self.targets,
                self.identities,
                self.chat,
                self.prompts,
                self.executions,
                lambda: [model.name for model in self.mapping.mapped()],
            ),
            journal,
        )

    async def start(self, model: str = "a", message: str = "你好", **values: Any) -> str:
        """Return the id of a turn that was started."""
        found = await self.dialogs.start({"model": model, "message": message, **values})
        return found.execution_id

    async def say(self, model: str = "a", message: str = "你好", **values: Any) -> Dialog:
        """Return a turn once it has ended, as the store has it."""
        dialog_id = await self.start(model, message, **values)
        return await self.ended(dialog_id)

    async def ended(self, dialog_id: str) -> Dialog:
        """Return the turn once its execution has ended."""
        await asyncio.wait_for(self.executions.wait(dialog_id), 30)
        return await self.dialogs.get(dialog_id)

    async def until(self, dialog_id: str, is_so: Any) -> LiveDialog:
        """Return the running turn once it is so."""
        async with asyncio.timeout(20):
            while True:
                live = self.dialogs.live(dialog_id)
                if live is not None and is_so(live):
                    return live
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        await self.dialogs.stop()
        await super().stop()


@asynccontextmanager
async def dialogs_desk(
    database: Database,
    env: Env,
    upstream: FakeUpstream,
    clock: Clock | None = None,
    journal: Journal | None = None,
) -> AsyncGenerator[DialogsDesk]:
    """A started desk aimed at the upstream, stopped afterwards."""
    desk = DialogsDesk(database, env, clock, journal)
    await desk.aim(upstream)
    try:
        yield desk
    finally:
        await desk.stop()
