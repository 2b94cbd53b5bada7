"""Put the parts of the sync together: carriers into the outbox, the mirror behind every write."""

import asyncio
from pathlib import Path

from sqlalchemy import delete, update
from sqlmodel import Session

from db.engine import Database
from db.tables.models import EndpointRow
from db.tables.numbers import DashboardStatsRow
from db.tables.outbox import OutboxRow
from db.tables.prompts import PromptRow
from db.tables.sync import SyncLinkRow, SyncStagingRow
from services.foundation.clock import Clock
from services.foundation.errors import ConsoleError
from services.outbox.service import Outbox
from services.outbox.types import Entry, Op
from services.secrets.service import Secrets
from services.supabase.service import Supabase
from services.supabase.types import Link
from services.sync.mapping_carrier import MappingCarrier
from services.sync.mirror import MirroredBooks
from services.sync.parts import Catalogue, SyncParts
from services.sync.rows_carrier import SHAPES, RowsCarrier
from services.sync.service import Sync
from services.sync.types import SyncKind

FIRST_S = 10.0
FOLDER = "sync"  # in the folder of backups


def build_sync(  # noqa: PLR0913, PLR0917  # composition
    database: Database,
    clock: Clock,
    secrets: Secrets,
    supabase: Supabase,
    outbox: Outbox,
    catalogue: Catalogue,
    backups: Path,
) -> Sync:
    """Return the sync; from now on every change of the catalogue goes to Supabase first, if there is one."""

    def secret_of(entry: Entry) -> str:
        if entry.op is Op.DELETE or not supabase.view.pushes_api_keys:
            return ""
        return entry.secret or (
            catalogue.models.api_key(int(entry.key)) if entry.key.isdigit() else ""
        )

    model, prompt = SHAPES[SyncKind.MODEL], SHAPES[SyncKind.PROMPT]
    outbox.register(RowsCarrier(model, database, clock, supabase.remote, secret_of))
    outbox.register(RowsCarrier(prompt, database, clock, supabase.remote))
    outbox.register(MappingCarrier(database, clock, supabase.remote))
    supabase.moving = forget_project
    outbox.failed.subscribe(supabase.note_failure)
    outbox.is_enabled = lambda: supabase.is_configured
    books = MirroredBooks(database, clock, supabase, outbox)
    models, mapping, prompts = catalogue.models, catalogue.mapping, catalogue.prompts
    for service in (models, mapping, prompts):
        service.books = books
    supabase.reconfigured.subscribe(lambda _: outbox.resume())  # what was stopped may work now
    parts = SyncParts(
        database,
        clock,
        secrets,
        supabase,
        outbox,
        books,
        models,
        mapping,
        prompts,
        backups / FOLDER,
    )
    return Sync(parts)


def forget_project(session: Session) -> None:
    """Forget every link and every push: they belong to another project."""
    for table in (SyncLinkRow, SyncStagingRow, OutboxRow):
        session.exec(delete(table))
    session.exec(update(EndpointRow).values(supabase_id=None, sync_status="unsynced"))
    session.exec(update(PromptRow).values(supabase_id=None))
    session.exec(update(DashboardStatsRow).values(pushed_at=None))


class KeepAlive:
    """Asks the project for one row now and then, so that a free one does not fall asleep."""

    def __init__(self, supabase: Supabase, outbox: Outbox, clock: Clock) -> None:
        """Keep the parts; the interval is the environment's."""
        self._supabase = supabase
        self._outbox = outbox
        self._clock = clock
        self._asking = asyncio.Lock()

    async def run(self) -> None:
        """Ask soon after the start and then at each interval, for ever.

        Not at once: the client is a heavy import, and the first page comes before it.
        """
        minutes = self._supabase.view.keepalive_minutes
        await self._clock.sleep(FIRST_S)
        while minutes:
            if self._supabase.is_configured:
                await self.once()
            await self._clock.sleep(minutes * 60.0)

    async def once(self) -> bool:
        """Return whether it answered; a push that waits is tried again after an answer.

        Who asks while it is being asked gets that same answer.
        """
        if self._asking.locked():
            async with self._asking:
                return self._supabase.view.link is Link.ONLINE
        async with self._asking:
            try:
                is_there = await self._supabase.ping()
            except ConsoleError:
                return False
        if is_there and self._outbox.view.waiting:
            self._outbox.note_answer()
            self._outbox.wake()
        return is_there
