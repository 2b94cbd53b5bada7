"""Catalogue: models, mappings, executions and a prober that answers as told."""

import asyncio
from dataclasses import replace

from db.engine import Database
from services.executions.service import Executions
from services.executions.types import Execution
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.mapping.service import Mappings
from services.mapping.types import MappingEdit, Scope
from services.models.monitor import Monitor
from services.models.probing import Probing
from services.models.service import Models
from services.models.types import EndpointEdit
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.suppliers.types import ProbeResult, ProbeState

ONLINE = ProbeResult(ProbeState.ONLINE, 12, models=("m-1", "m-2"), embedding_models=("embed-1",))
REFUSED = ProbeResult(ProbeState.SIGN_IN_FAILED, 8, error="upstream_http_401:bad key")
UNLISTED = ProbeResult(ProbeState.MODELS_NOT_LISTED, 9, error="upstream_http_404")
OFFLINE = ProbeResult(ProbeState.OFFLINE, 0, error="upstream_unreachable")


class Answers:
    """A prober: one answer for each base address, ONLINE where none was told."""

    def __init__(self) -> None:
        self.by_address: dict[str, ProbeResult] = {}
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        self.at_once = self.most_at_once = 0

    async def probe(
        self, *, base_url: str, protocol: str, api_key: str, timeout_s: float, allows_local: bool
    ) -> ProbeResult:
        self.asked.append(base_url)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
            return self.by_address.get(base_url, ONLINE)
        finally:
            self.at_once -= 1


class Catalogue:
    """One start of the process; the demo endpoint and `global:global` are there."""

    def __init__(
        self, database: Database, clock: Clock, secrets: Secrets, settings: Settings
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.tasks = Tasks()
        self.models = Models(database, clock, secrets, settings)
        self.models.load()
        self.mapping = Mappings(database, clock, self.models, settings)
        self.mapping.load()
        self.executions = Executions(database, clock, self.tasks)
        self.ended: list[Execution] = []
        self.executions.changed.subscribe(
            lambda execution: self.ended.append(execution) if execution.status.is_final else None
        )
        self.answers = Answers()
        self.executions.register(Probing(self.models, self.answers).kind)
        self.monitor = Monitor(self.executions, settings, clock, self.tasks)

    async def add(self, name: str, *models: str, **values: object) -> int:
        """Store an endpoint at an address of its own; return its id."""
        edit = EndpointEdit(
            name=name,
            base_url=f"https://{name}.example",
            model=models[0] if models else "",
            model_list=models,
            api_key="sk-secret-value",
        )
        return (await self.models.save(replace(edit, **values))).id  # type: ignore[arg-type]

    async def map(self, scope: Scope, key: str, *models: str, is_active: bool = True) -> str:
        """Store a mapping; return its id."""
        edit = MappingEdit(scope, key, "", models[0], models, is_active)
        return (await self.mapping.save(edit)).id

    async def stop(self) -> None:
        await self.executions.stop()
        await self.tasks.stop(1.0)
