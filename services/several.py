"""Several: what the leader alone does, and what each console reads again when another changed it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from db.errors import DatabaseUnavailableError
from services.access.service import Access
from services.accounts.service import Accounts
from services.agents.service import Agents
from services.audit.service import Audit
from services.cluster.service import Cluster
from services.cluster.types import Job
from services.dialogs.service import Dialogs
from services.e2e.service import E2e
from services.executions.abroad import CANCEL
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.gateway.service import Gateway
from services.identities.service import Identities
from services.loadtest.service import LoadTests
from services.mapping.service import Mappings
from services.models.monitor import Monitor
from services.models.service import Models
from services.prompts.service import Prompts
from services.schedules.service import Schedules
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.stats.service import Stats
from services.sync.cloud import Cloud
from services.targets.service import Targets
from services.upkeep import Upkeep
from services.workflows.service import Workflows

_log = logging.getLogger(__name__)
SWEEP_S = 10.0
SPARED_S = 30.0  # a console that was seen within this time may come back to its runs
SECRETS = "secrets"  # what is said when a key was kept


class Parts(Protocol):
    """The services of a console, by their names there."""

    clock: Clock
    tasks: Tasks
    secrets: Secrets
    settings: Settings
    accounts: Accounts
    access: Access
    targets: Targets
    identities: Identities
    models: Models
    mapping: Mappings
    prompts: Prompts
    executions: Executions
    cloud: Cloud
    audit: Audit
    schedules: Schedules
    stats: Stats
    gateway: Gateway
    e2e: E2e
    loadtest: LoadTests
    dialogs: Dialogs
    monitor: Monitor
    agents: Agents
    upkeep: Upkeep
    workflows: Workflows


class Slots:
    """The schedule, fired by the leader alone; a slot is claimed in the store before it fires."""

    def __init__(self, parts: Parts, cluster: Cluster) -> None:
        """Let the schedule ask at each tick whether this console leads."""
        self._parts = parts
        self._is_shared = cluster.is_shared
        parts.schedules.may_fire = lambda: cluster.leads

    async def start(self) -> None:
        """Read what the former leader did, then fire what is due."""
        if self._is_shared:
            await asyncio.to_thread(self._parts.schedules.load)
        await self._parts.schedules.start(self._parts.e2e.fire)

    async def stop(self) -> None:
        """Fire nothing any more."""
        with suppress(DatabaseUnavailableError):  # how long it ran is known to 30 s
            await self._parts.schedules.stop()


class Leftovers:
    """Closes what consoles left that do not live any more."""

    def __init__(self, parts: Parts, cluster: Cluster) -> None:
        """Start without a task."""
        self._parts = parts
        self._cluster = cluster
        self._seen_s: dict[str, float] = {}  # start of a console to when it was seen alive
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = self._parts.tasks.start(self._run(), "leftovers")

    async def stop(self) -> None:
        """Look no further."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001  # boundary: a store that is gone must not end the sweeps
                _log.warning("what other consoles left could not be closed: %s", error)
            await self._parts.clock.sleep(SWEEP_S)

    async def sweep(self) -> int:
        """Return how many executions of consoles were closed that are gone for a while."""
        parts, now_s = self._parts, self._parts.clock.monotonic()
        for one in await self._cluster.consoles():
            self._seen_s[one.boot_id] = now_s
        self._seen_s = {k: at for k, at in self._seen_s.items() if now_s - at < SPARED_S}
        count = await parts.executions.abroad.sweep(self._seen_s)
        if count:
            await parts.e2e.close_left_over()
            await parts.loadtest.recover()
            await parts.dialogs.recover()
        await parts.gateway.close_left_over()
        return count


class Several:
    """Put together for a console; with SQLite the jobs are all there is of it."""

    def __init__(self, parts: Parts, cluster: Cluster) -> None:
        """Say who reads what again."""
        self.jobs: tuple[Job, ...] = (
            Slots(parts, cluster),
            parts.monitor,
            parts.cloud,
            parts.upkeep,
        )
        self._parts = parts
        self._cluster = cluster
        if cluster.is_shared:
            self.jobs = (*self.jobs, Leftovers(parts, cluster))
            parts.identities.use_as(cluster.boot_id)
            parts.e2e.obtaining.is_held = lambda: not cluster.leads
            self._listen_to_settings()
            self._listen_to_runs()

    def keep_in_step(self) -> None:
        """Say when a key is kept here, from any thread; called on the loop."""
        if not self._cluster.is_shared:
            return
        loop = asyncio.get_running_loop()

        def saved() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(lambda: self._cluster.say_soon(kind=SECRETS))

        self._parts.secrets.saved = saved

    def _listen_to_settings(self) -> None:
        parts, hearing = self._parts, self._cluster.hearing
        on = hearing.on
        on("settings", ("dashboard_config", "llm_app_settings"), parts.settings.reload)
        on("targets", ("targets", "llm_app_settings"), parts.targets.reload)
        on("models", ("ai_endpoints", "blocked_models"), parts.models.reload)
        on("mappings", ("llm_model_mappings",), parts.mapping.reload)
        on("prompts", ("ai_prompts", "prompt_versions"), parts.prompts.reload)
        on("agents", ("agents",), parts.agents.reload)
        on("workflows", ("workflows",), parts.workflows.reload)
        on("access", ("access_accounts", "access_sessions", "access_tokens"), parts.access.reload)
        on("supabase", ("llm_app_settings",), parts.cloud.supabase.reload)
        on("obtaining", ("llm_app_settings",), _apart(parts.e2e.obtaining.load))
        on(SECRETS, (SECRETS,), self._reread_secrets)

    def _listen_to_runs(self) -> None:
        parts, hearing = self._parts, self._cluster.hearing
        on = hearing.on
        on("executions", ("executions",), parts.executions.abroad.catch_up)
        on("schedule", ("schedules", "schedule_slots"), parts.schedules.reload)
        cells = ("e2e_launches", "e2e_mapped_model_results")
        on("end-to-end runs", cells, parts.e2e.hear)
        on("figures", ("usage_rollups",), parts.stats.hear)
        on("quota", ("ai_model_daily_usage",), parts.gateway.reload)
        on("outbox", ("outbox",), self._look_at_outbox)
        on("audit", ("audit_log",), self._tell_audit)
        hearing.on_said(CANCEL, parts.executions.abroad.obey)

    async def _reread_secrets(self) -> None:
        """Take the keys another console kept, where the folder is shared, and show them."""
        parts = self._parts
        await asyncio.to_thread(parts.secrets.reload)
        await asyncio.to_thread(parts.accounts.load)
        await parts.models.reload()
        await parts.targets.reload()
        await parts.cloud.supabase.reload()

    async def _look_at_outbox(self) -> None:
        await self._parts.cloud.outbox.refresh()
        if self._cluster.leads:
            self._parts.cloud.outbox.wake()

    async def _tell_audit(self) -> None:
        self._parts.audit.recorded.emit("")


def _apart(load: Callable[[], None]) -> "Callable[[], asyncio.Future[None]]":
    """Return the blocking read as one beside the loop."""
    return lambda: asyncio.ensure_future(asyncio.to_thread(load))
