"""Models page: head, table and drawer; drawn from memory and kept at the present state."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from nicegui import context, ui

from components.live import on_batch
from components.models import rows
from components.models.detail import DetailCalls, DetailFacts, EndpointDetail
from components.models.head import CatalogueHead, HeadCalls
from components.models.probe_control import ProbeCalls, ProbeControl
from components.primitives.big_table import (
    Acted,
    BigTable,
    TableCalls,
    TableShape,
    TableWords,
)
from components.primitives.button import button
from components.primitives.card import page_head
from components.primitives.toolbar import spacer
from components.words import tr
from gymbro_ui.pages.models.desk import Desk
from services.executions.types import Execution
from services.models.types import CallCounts, Endpoint

if TYPE_CHECKING:
    from services.console import Console

KIND = "probe"
HEIGHT = "max(320px, calc(100dvh - var(--top) - var(--foot) - 236px))"


class ModelsPage:
    """One open page."""

    def __init__(self, console: "Console") -> None:
        """Read from the address what shall be found."""
        self._console = console
        self._desk = Desk(console)
        query = context.client.sub_pages_router.current_path.partition("?")[2].partition("#")[0]
        wanted = parse_qs(query, max_num_fields=20) if query.count("&") < 20 else {}
        self._find = wanted.get("q", [""])[0]
        self._only = wanted.get("show", [""])[0]

    def draw(self) -> None:
        """Draw everything and follow every change."""
        console, desk = self._console, self._desk
        with page_head(tr("Models & providers")):
            spacer()
            button(
                tr("Mapping"), lambda: ui.navigate.to("/mapping"), icon="alt_route", kind="quiet"
            )
            button(tr("E2E records"), lambda: ui.navigate.to("/e2e"), icon="grid_on", kind="quiet")
            button(tr("Sync"), lambda: ui.navigate.to("/sync"), icon="sync", kind="quiet")
            self._probe = ProbeControl(ProbeCalls(desk.probe_all, desk.cancel_probe))
            button(
                tr("Add provider"), lambda: desk.edit(None), icon="add", kind="primary", acts=True
            )
        calls = HeadCalls(
            problems=lambda: self._table.show_only("problem"),
            mapping=lambda: ui.navigate.to("/mapping?show=problem"),
            pace=desk.change_pace,
        )
        self._head = CatalogueHead(calls, console.monitor.view(), self._zone)
        self._draw_table()
        self._detail = EndpointDetail(
            DetailCalls(
                probe=lambda endpoint: desk.probe(endpoint.id),
                listing=desk.compare,
                edit=desk.edit,
                duplicate=self._duplicate,
                make_default=desk.make_default,
                switch=lambda endpoint, on: desk.switch(endpoint, is_on=on),
                delete=desk.delete,
            )
        )
        self._follow()
        self._show()
        self._show_probe()

    def _draw_table(self) -> None:
        words = TableWords(
            name=tr("Models & providers"),
            search=tr("Find a provider or a model"),
            none=tr(
                "No provider yet. Add one: an address, a key, and the console asks for its models."
            ),
            facets={"all": tr("All"), "problem": tr("Problems"), "off": tr("Off")},
        )
        shape = TableShape(rows.columns(), rows.acts(), HEIGHT)
        calls = TableCalls(open=self._open, act=self._act)
        self._table = BigTable(shape, words, calls, find=self._find, only=self._only)

    @property
    def _zone(self) -> str:
        return self._console.settings.preferences.e2e_timezone

    # -- what changes

    def _follow(self) -> None:
        console = self._console
        on_batch(console.mapping.changed, lambda _: self._show())  # also says that models changed
        on_batch(console.models.checking_changed, lambda _: self._show())
        on_batch(console.monitor.changed, lambda _: self._head.watch(console.monitor.view()))
        on_batch(console.executions.changed, self._executions_changed)

    def _executions_changed(self, changed: list[Execution]) -> None:
        if any(execution.execution_type == KIND for execution in changed):
            self._show_probe()

    def _show(self) -> None:
        console = self._console
        models, mapping = console.models, console.mapping
        view = rows.CatalogueView(
            zone=self._zone,
            keys_of=self._desk.keys_by_model(),
            blocked=models.blocked,
            embedding=models.embedding,
            checking=models.checking,
            changes=models.listing_changes(),
        )
        self._table.show(rows.endpoint_rows(models.endpoints, view))
        self._head.show(models.endpoints, models.checking, mapping.coverage())
        if self._detail.is_open:
            self._show_detail(self._detail.endpoint_id)

    def _show_probe(self) -> None:
        running = next(
            (one for one in self._console.executions.running() if one.execution_type == KIND), None
        )
        self._probe.show(running)

    # -- what an operator does

    def begin_new(self) -> None:
        """Open the form of a new provider."""
        self._desk.edit(None)

    def _open(self, row_id: str) -> None:
        self._show_detail(int(row_id))

    def _show_detail(self, endpoint_id: int) -> None:
        models = self._console.models
        endpoint = models.endpoint(endpoint_id)
        if endpoint is None:
            self._detail.close()
            return
        keys = [m.name for m in self._console.mapping.mapped() if m.endpoint_id == endpoint_id]
        facts = DetailFacts(
            zone=self._zone,
            is_checking=endpoint_id in models.checking,
            keys=keys,
            change=models.listing_change(endpoint_id),
            calls=self._console.monitor.view().calls.get(endpoint_id, CallCounts()),
        )
        self._detail.show(endpoint, facts)

    async def _act(self, acted: Acted) -> None:
        endpoint = self._console.models.endpoint(int(acted.row_id))
        if endpoint is None:
            return
        if acted.act == "on":
            await self._desk.switch(endpoint, is_on=acted.value)
            self._table.redraw(acted.row_id)  # a refused switch must fall back
        elif acted.act == "probe":
            await self._desk.probe(endpoint.id)
        elif acted.act == "edit":
            self._desk.edit(endpoint)
        elif acted.act in ("block", "unblock"):
            await self._desk.block(acted.kid, is_on=acted.act == "block")

    async def _duplicate(self, endpoint: Endpoint) -> None:
        made = await self._desk.duplicate(endpoint)
        if made is not None:
            self._show_detail(made.id)
            self._desk.edit(made)
