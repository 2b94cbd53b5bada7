"""SyncDesk: the catalogue of one console, tied to a project of the local Supabase."""

from dataclasses import dataclass, field
from typing import Any

from db.engine import Database
from db.queries import outbox as outbox_queries
from db.queries import sync as sync_queries
from services.audit.service import Audit
from services.foundation.clock import Clock
from services.foundation.tasks import Tasks
from services.mapping.service import Mappings
from services.mapping.types import MappingEdit, ModelMapping, Scope
from services.models.service import Models
from services.models.types import Endpoint, EndpointEdit
from services.outbox.service import Outbox
from services.prompts.service import Prompts
from services.prompts.types import Prompt, PromptEdit, PromptType
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.supabase.client import Remote
from services.supabase.service import Supabase
from services.supabase.types import SupabaseEdit
from services.sync.parts import Catalogue
from services.sync.types import Choice, SyncAction, SyncItem, SyncKind, SyncPlan, SyncReport
from services.sync.wiring import build_sync
from tests.support.supabase_stack import SupabaseProject


@dataclass
class SyncDesk:
    database: Database
    clock: Clock
    secrets: Secrets
    settings: Settings
    timeout_s: float = 2.0
    tasks: Tasks = field(default_factory=Tasks)

    def __post_init__(self) -> None:
        env = self.settings.env
        self.models = Models(self.database, self.clock, self.secrets, self.settings)
        self.models.load()
        self.mapping = Mappings(self.database, self.clock, self.models, self.settings)
        self.mapping.load()
        self.prompts = Prompts(self.database, self.clock)
        self.prompts.load()
        self.supabase = Supabase(self.database, self.clock, self.secrets, env.supabase)
        self.supabase.open_remote = lambda url, key: Remote(url, key, timeout_s=self.timeout_s)
        self.outbox = Outbox(self.database, self.clock, self.tasks, chance=lambda: 1.0)
        self.sync = build_sync(
            self.database,
            self.clock,
            self.secrets,
            self.supabase,
            self.outbox,
            Catalogue(self.models, self.mapping, self.prompts),
            env.backups_dir,
        )
        self.supabase.load()
        self.outbox.load()
        self.audit = Audit(self.database, self.clock)

    async def connect(self, project: SupabaseProject) -> None:
        edit = SupabaseEdit(url=project.url, service_key=project.front.service_key)
        await self.supabase.save(edit)

    async def stop(self) -> None:
        await self.outbox.stop()
        await self.tasks.stop()
        await self.supabase.close()

    # -- acts

    async def add_model(self, name: str, model: str = "", **more: Any) -> Endpoint:
        edit = EndpointEdit(
            name=name,
            base_url=more.pop("base_url", f"https://{name}.example.com"),
            model=model or f"{name}-chat",
            **more,
        )
        return await self.models.save(edit)

    async def add_mapping(self, key: str, model: str, scope: Scope = Scope.MAPPING) -> ModelMapping:
        return await self.mapping.save(MappingEdit(scope, key, key, model, (model,)))

    async def add_prompt(self, name: str, content: str = "Be kind.", **more: Any) -> Prompt:
        kind = more.pop("prompt_type", PromptType.AGENT_SYSTEM)
        edit = PromptEdit(name=name, content=content, prompt_type=kind, version="1", **more)
        return await self.prompts.save(edit)

    async def run(self, made: SyncPlan, **choices: Choice) -> SyncReport:
        """Carry the preview out as usual; `choices` name titles that are chosen otherwise."""
        chosen = {item.id: choices.get(item.title, item.usual) for item in made.items}
        return await self.sync.run(made, chosen)

    async def settle(self) -> SyncReport:
        """Sync everything that is usual, both ways."""
        return await self.run(await self.sync.preview())

    def waiting(self) -> list[tuple[str, str, str]]:
        rows = self.database.read_now(lambda session: outbox_queries.all_rows(session, 1000))
        return [(row.title, row.op, row.state) for row in rows]

    def links(self, kind: SyncKind) -> dict[str, str]:
        rows = self.database.read_now(lambda session: sync_queries.links(session, [str(kind)]))
        return {row.local_key: row.remote_key for row in rows}

    def named(self, name: str) -> Endpoint:
        return next(endpoint for endpoint in self.models.endpoints if endpoint.name == name)


def only(made: SyncPlan, title: str) -> SyncItem:
    """The one difference of that title."""
    found = [item for item in made.items if item.title == title]
    assert len(found) == 1, [(item.title, item.action) for item in made.items]
    return found[0]


def actions(made: SyncPlan, kind: SyncKind | None = None) -> dict[str, SyncAction]:
    return {item.title: item.action for item in made.items if kind in (None, item.kind)}
