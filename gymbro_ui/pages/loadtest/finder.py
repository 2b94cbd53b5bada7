"""Finder page: a search for the safe number of users, followed step by step."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.live import on_batch, on_return
from components.loadtest.finder_view import FinderView
from gymbro_ui import run_actions
from gymbro_ui.actions import in_slot
from gymbro_ui.pages.loadtest.filters import PATH
from services.executions.types import Execution
from services.loadtest.types import LoadRun, SafeFinding

if TYPE_CHECKING:
    from services.console import Console


class FinderPage:
    """One open search."""

    def __init__(self, console: "Console", execution: Execution, finding: SafeFinding) -> None:
        """Show this search."""
        self._console = console
        self._execution = execution
        self._finding = finding
        self._client = context.client

    def draw(self) -> None:
        """Draw it and follow its steps."""
        number = self._execution.id
        self._view = FinderView(self._finding, self._cancel, self._open)
        self._show()
        on_batch(
            self._console.executions.changed,
            lambda _: self._later(self.load),
            0.5,
            keep=lambda one: number in (one.id, one.parent_id),
        )
        on_return(lambda: in_slot(self._view, self.load))

    async def load(self) -> None:
        """Read the steps that have ended."""
        key = self._execution.execution_id
        self._finding = await self._console.loadtest.finder.finding(key)
        self._show()

    def _show(self) -> None:
        self._view.show(self._finding, self._running())

    def _running(self) -> LoadRun | None:
        open_ones = (
            o for o in self._console.executions.running() if o.parent_id == self._execution.id
        )
        found = (self._console.loadtest.live(one.execution_id) for one in open_ones)
        return next((run for run in found if run is not None), None)

    # -- what an operator does

    async def _cancel(self) -> None:
        with self._client:
            await run_actions.cancel_runs(self._console, [self._execution.execution_id])

    def _open(self, run_id: str) -> None:
        ui.navigate.to(f"{PATH}/{run_id}")

    def _later(self, work: Callable[[], Awaitable[Any]]) -> None:
        background_tasks.create(in_slot(self._view, work), name="page of a search")
