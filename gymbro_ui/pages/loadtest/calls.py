"""Calls: the samples of one run, page by page from the store, and one of them whole."""

from typing import TYPE_CHECKING

from nicegui import background_tasks

from components.loadtest.sample_drawer import SampleDrawer
from components.loadtest.samples import PAGE, Samples
from components.loadtest.words import is_open
from components.primitives.card import card
from components.primitives.formats import NOTHING, duration_text, moment_text
from components.words import tr
from gymbro_ui.actions import act
from gymbro_ui.pages.loadtest.filters import PATH
from services.load_history.types import SampleFilter
from services.loadtest.types import LoadRun, StoredSample
from services.targets.types import SELF_ID

if TYPE_CHECKING:
    from services.console import Console

EVERY_S = 2.0  # while the run goes on


class Calls:
    """The table of one run's calls."""

    def __init__(self, console: "Console", run: LoadRun) -> None:
        """Show the calls of this run."""
        self._console = console
        self._run = run
        self._asked = 0
        self._read_at = 0.0

    def draw(self) -> None:
        """Draw the empty table."""
        with card(tr("Calls"), tight=True) as body:
            body.classes("lt-samples")
            self._table = Samples(f"{PATH}/{self._run.run_id}/export", self._wanted, self.open)
        self._drawer = SampleDrawer()
        self._table.on("keydown.escape", self._drawer.close)  # the row keeps the focus

    def follow(self, run: LoadRun) -> None:
        """Read again what was stored meanwhile, every two seconds while it goes on."""
        self._run = run
        now = self._console.clock.monotonic()
        if is_open(run) and now - self._read_at >= EVERY_S:
            self._read_at = now
            background_tasks.create(self._in_slot(), name="calls of a load test")

    async def _in_slot(self) -> None:
        if not self._table.is_deleted:
            with self._table:
                await self.load()

    async def load(self) -> None:
        """Read the page that is shown; a newer reading wins over this one."""
        self._asked += 1
        asked, table, history = self._asked, self._table, self._console.load_history
        self._read_at = self._console.clock.monotonic()
        page = await act(
            lambda: history.samples(self._run.run_id, table.wanted, limit=PAGE, offset=table.offset)
        )
        if page is None or asked != self._asked or table.is_deleted:
            return
        table.show(page)
        table.offer(self._run.plan.models or await history.models(self._run.run_id))

    async def _wanted(self, _wanted: SampleFilter, _offset: int) -> None:
        await self.load()

    async def open(self, no: int) -> None:
        """Show one call whole."""
        stored = await act(lambda: self._console.load_history.sample(self._run.run_id, no))
        if stored is not None:
            with self._table:
                self._drawer.show(stored, await self._gateway_facts(stored))

    async def _gateway_facts(self, stored: StoredSample) -> list[tuple[str, str]] | None:
        """Return what our own gateway wrote down of the call; None when it was another server's."""
        if self._run.target_id != SELF_ID:
            return None
        message_id = stored.sample.message_id
        log = await self._console.gateway.read_log(message_id) if message_id else None
        if log is None:
            return [(tr("Conversation"), tr("not kept: load tests ask for no history"))]
        zone = self._console.settings.preferences.e2e_timezone
        return [
            (tr("Ended as"), log.status),
            (tr("Model that answered"), log.model or NOTHING),
            (tr("Whole answer"), duration_text(log.latency_ms)),
            (tr("Error"), log.error or NOTHING),
            (tr("Kept since"), moment_text(log.created_at, zone)),
        ]
