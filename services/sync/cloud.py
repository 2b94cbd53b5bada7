"""Cloud: everything that ties this console to Supabase, built, started and stopped as one."""

import asyncio

from db.engine import Database
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.outbox.service import Outbox
from services.outbox.types import FlushReport
from services.secrets.service import Secrets
from services.settings.types import Env
from services.supabase.service import Supabase
from services.sync.kind import Syncing
from services.sync.parts import Catalogue
from services.sync.wiring import KeepAlive, build_sync


class Cloud:
    """The project, what waits for it, and the sync."""

    def __init__(  # noqa: PLR0913, PLR0917  # composition
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        secrets: Secrets,
        env: Env,
        catalogue: Catalogue,
        executions: Executions,
    ) -> None:
        """Read what is set and count what waits; nothing is asked before start()."""
        self._tasks = tasks
        self.supabase = Supabase(database, clock, secrets, env.supabase)
        self.outbox = Outbox(database, clock, tasks)
        self.sync = build_sync(
            database,
            clock,
            secrets,
            self.supabase,
            self.outbox,
            catalogue,
            env.backups_dir,
        )
        self.keep_alive = KeepAlive(self.supabase, self.outbox, clock)
        self._task: asyncio.Task[None] | None = None
        self.supabase.load()
        self.outbox.load()
        executions.register(Syncing(self.sync).kind)
        self._catalogue = catalogue
        self.outbox.flushed.subscribe(self._pushed)

    def _pushed(self, _report: FlushReport) -> None:
        self._tasks.start(self._reload(), "show what was pushed")

    async def _reload(self) -> None:
        """Show what became of rows that were pushed: they are marked in the store alone."""
        await self._catalogue.models.reload()
        await self._catalogue.prompts.reload()

    async def start(self) -> None:
        """Push what waits by itself, and keep the project awake."""
        await self.outbox.start()
        self._task = self._tasks.start(self.keep_alive.run(), "supabase keep-alive")

    async def stop(self) -> None:
        """Ask nothing more; what waits stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self.outbox.stop()
        await self.supabase.close()
