"""Cell drawer: everything about one cell, beside the matrix."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from nicegui import background_tasks, ui

from components.e2e.drawer_facts import facts_tab, reply_tab
from components.e2e.drawer_tabs import checks_tab, compare_tab, timing_tab
from components.e2e.evidence import evidence
from components.e2e.log_tab import log_tab
from components.e2e.undo import Undo
from components.primitives.button import button, copy_button
from components.primitives.drawer import Drawer
from components.primitives.empty import problem
from components.primitives.formats import clock_text
from components.primitives.skeleton import skeleton_rows
from components.primitives.toolbar import Segment
from components.status.checks import dot
from components.status.looks import cause_word, cell_look, trigger_word, user_type_word
from components.status.reasons import reason_text
from components.words import tr, trn
from services.e2e.types import Cell, CellDetail
from services.gateway.types import StoredLog
from services.targets.types import DEMO_TARGET_ID


@dataclass(frozen=True, slots=True)
class DrawerCalls:
    """What the page does for the drawer, and what it must know of the service under test."""

    api_base: Callable[[], str]
    again: Callable[[str], Any]  # cell, row or column
    closed: Callable[[], Any]
    cost: Callable[[str], int]  # conversations of that scope
    undo: Callable[[Undo], Any]  # take a change of our configuration back
    log: Callable[[str], Awaitable[StoredLog | None]]  # of a message id


class CellDrawer:
    """The drawer of the matrix; it keeps its tab while the operator walks from cell to cell."""

    def __init__(self, calls: DrawerCalls, zone: str) -> None:
        """Stand closed."""
        self._calls = calls
        self._zone = zone
        self._tab = "compare"
        self._drawer = Drawer(tr("One result"), calls.closed)
        self._drawer.classes("gx-drawer")

    @property
    def is_open(self) -> bool:
        """Whether it shows now."""
        return self._drawer.is_open

    def wait(self, title: str) -> None:
        """Open with grey shapes while the cell is read."""
        self._fill_head(title)
        self._drawer.body.clear()
        with self._drawer.body:
            skeleton_rows(6)
        self._drawer.open()

    def fail(self, reason: str, retry: Callable[[], Any]) -> None:
        """Say why the cell could not be read."""
        self._drawer.body.clear()
        with self._drawer.body:
            problem(tr("This result could not be read"), reason, retry)

    def close(self) -> None:
        """Slide out."""
        self._drawer.close()

    def show(self, detail: CellDetail) -> None:
        """Show one cell."""
        cell = detail.cell
        self._fill_head(cell.model_key)
        self._drawer.body.clear()
        with self._drawer.body:
            self._verdict(detail)
            tabs = {
                "compare": tr("Last OK"),
                "checks": tr("Checks"),
                "timing": tr("Timing"),
                "reply": tr("Reply"),
                "facts": tr("Facts"),
                "log": tr("Conversation log"),
            }
            holder = ui.element("div").classes("gb-col gap-12 gx-tab")
            segment = Segment(
                tabs, self._tab, lambda tab: self._draw(holder, tab, detail), name=tr("Parts")
            )
            segment.classes("gx-tabs").move(target_index=1)
            self._draw(holder, self._tab, detail)
            self._actions(detail)
        self._drawer.open()

    def _fill_head(self, title: str) -> None:
        self._drawer.head.clear()
        with self._drawer.head:
            ui.label(title).classes("t-section t-clip").tooltip(title)

    def _verdict(self, detail: CellDetail) -> None:
        cell = detail.cell
        look = cell_look(cell.status)
        with ui.element("div").classes("gb-col gap-4").props("aria-live=polite"):
            with ui.element("div").classes("gb-row gb-wrap"):
                dot(look).classes("t-strong")
                ui.label(user_type_word(cell.user_type)).classes("c-muted")
                at = clock_text(cell.at or detail.launch.started_at, self._zone)
                ui.label(f"{at} · {trigger_word(detail.launch.trigger)}").classes("c-faint")
                if detail.launch.execution_id:  # an imported run was no execution of ours
                    link = ui.link(tr("This run"), f"/executions/{detail.launch.execution_id}")
                    link.classes("gb-link t-meta")
                ui.link(tr("Open in the simulator"), _as_conversation(detail)).classes(
                    "gb-link t-meta"
                )
            if cell.error:
                side = cause_word(cell.cause)
                text = reason_text(cell.error)
                ui.label(f"{side} · {text}" if side else text).classes("t-wrap")
            _badges(cell)

    def _draw(self, holder: ui.element, tab: str, detail: CellDetail) -> None:
        self._tab = tab
        holder.clear()
        with holder:
            if tab == "compare":
                compare_tab(detail, self._zone, self._calls.undo)
            elif tab == "checks":
                checks_tab(detail.cell)
            elif tab == "timing":
                timing_tab(detail.cell)
            elif tab == "reply":
                reply_tab(detail)
            elif tab == "log":
                skeleton_rows(3)
                background_tasks.create(self._draw_log(holder, detail), name="read a log")
            else:
                facts_tab(detail, self._zone)

    async def _draw_log(self, holder: ui.element, detail: CellDetail) -> None:
        message_id = detail.cell.message_id
        log = await self._calls.log(message_id) if message_id else None
        if self._tab != "log" or holder.is_deleted:
            return
        holder.clear()
        with holder:
            log_tab(log, self._zone)

    def _actions(self, detail: CellDetail) -> None:
        with ui.element("footer").classes("gx-acts gb-row gb-wrap"):
            if detail.launch.target_id != DEMO_TARGET_ID:  # one that never was cannot be asked
                ui.label(tr("Run again")).classes("t-meta c-muted")
                for scope, name in (
                    ("cell", tr("Cell")),
                    ("row", tr("Row")),
                    ("column", tr("Column")),
                ):
                    self._again(scope, name)
            ui.element("div").classes("gb-grow")
            self._copy(detail)

    def _copy(self, detail: CellDetail) -> None:
        text = evidence(detail, self._calls.api_base(), self._zone)
        made = copy_button(text, tr("Copy evidence"), small=False)
        made.classes("gb-btn-default gb-btn-small", remove="gb-btn-icon")
        made.set_text(tr("Copy evidence"))

    def _again(self, scope: str, name: str) -> None:
        count = self._calls.cost(scope)
        made = button(f"{name} · {count}", lambda: self._calls.again(scope), small=True, acts=True)
        made.tooltip(trn("{n} conversation", "{n} conversations", count))


def _as_conversation(detail: CellDetail) -> str:
    """Return the address that asks the same as a single conversation."""
    cell = detail.cell
    said = {"model": cell.model_key, "as": str(cell.user_type), "say": detail.prompt_text[:300]}
    return f"/simulator?{urlencode(said)}"


def _badges(cell: Cell) -> None:
    badges = [
        text
        for is_set, text in (
            (cell.is_demo, tr("Demo")),
            (cell.repaired, tr("Repaired text")),
            (bool(cell.retries), tr("Retried")),
        )
        if is_set
    ]
    if badges:
        with ui.element("div").classes("gb-row"):
            for text in badges:
                ui.label(text).classes("gb-badge gb-badge--line")
