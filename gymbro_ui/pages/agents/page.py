"""Agents page: two tabs, the open one in the address."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from nicegui import context, ui

from components.primitives.card import page_head
from components.primitives.toolbar import Segment, spacer
from components.words import tr
from gymbro_ui.pages.agents.agents_tab import AgentsTab
from gymbro_ui.pages.agents.workflows_tab import WorkflowsTab

if TYPE_CHECKING:
    from services.console import Console

PATH = "/agents"


class AgentsPage:
    """One open page."""

    def __init__(self, console: "Console") -> None:
        """Read the tab from the address."""
        self._console = console
        query = parse_qs(context.client.sub_pages_router.current_path.partition("?")[2])
        self._tab = "workflows" if query.get("tab") == ["workflows"] else "agents"
        asked = query.get("id", [""])[0][:12]
        self._asked = int(asked) if asked.isascii() and asked.isdigit() else None

    def draw(self) -> None:
        """Draw the head and the open tab."""
        with page_head(tr("Agents & workflows")):
            tabs = {"agents": tr("Agents"), "workflows": tr("Workflows")}
            Segment(tabs, self._tab, self._choose, name=tr("Agents & workflows"))
            spacer()
            self._acts = ui.element("div").classes("gb-row")
        self._body = ui.element("div")
        self._draw_tab()

    async def load(self) -> None:
        """Read the history of the open tab."""
        await self._open.load()

    def begin_new(self) -> None:
        """Open the form of a new agent or workflow, by the open tab."""
        self._open.begin_new()

    def _draw_tab(self) -> None:
        self._acts.clear()
        self._body.clear()
        with self._body:
            make = WorkflowsTab if self._tab == "workflows" else AgentsTab
            self._open = make(self._console, self._acts, self._asked, self._went)
            self._open.draw()

    async def _choose(self, tab: str) -> None:
        self._tab, self._asked = tab, None
        self._draw_tab()
        self._went(None)
        await self.load()

    def _went(self, number: int | None) -> None:
        """Keep what is open in the address, so that a link shows the same."""
        query = f"?tab={self._tab}" + ("" if number is None else f"&id={number}")
        ui.navigate.history.replace(PATH + query)
