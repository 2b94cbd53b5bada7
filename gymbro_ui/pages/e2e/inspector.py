"""Inspector: opens one cell in the drawer, answers the hover card, and runs things again."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from components.e2e.again_dialog import ask_again
from components.e2e.cell_drawer import CellDrawer, DrawerCalls
from components.e2e.matrix import Again, CellPlace, MatrixGrid
from components.e2e.peek import peek_lines
from components.e2e.ranking import worst_at
from components.e2e.undo import Undo
from components.frame import memory
from components.primitives.toast import toast
from components.status.looks import user_type_word
from components.words import sentence, tr
from gymbro_ui.actions import act
from gymbro_ui.pages.e2e.again import again_request
from gymbro_ui.pages.e2e.rollback import take_back
from services.accounts.types import UserType
from services.e2e.types import CellChange, CellDetail, CellStatus, Launch, LaunchRequest, Matrix
from services.foundation.errors import ConsoleError
from services.gateway.types import StoredLog
from services.targets.types import DEMO_TARGET_ID

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
_OPEN = (CellStatus.RUNNING, CellStatus.PENDING)


class Inspector:
    """The drawer of one page and what it can start."""

    def __init__(
        self,
        console: "Console",
        matrix: Callable[[], Matrix],
        user_types: Callable[[], tuple[UserType, ...]],
        reload: Callable[[], None],
    ) -> None:
        """Draw the closed drawer in the present slot."""
        self._console = console
        self._matrix = matrix
        self._user_types = user_types
        self._reload = reload  # shows the mark of a change
        self._place: CellPlace | None = None
        self.grid: MatrixGrid | None = None
        with ui.element("div").style("display:contents") as self._root:
            self._drawer = CellDrawer(
                DrawerCalls(
                    api_base=lambda: console.targets.current.api_base,
                    again=self._again_of_drawer,
                    closed=self._closed,
                    cost=self._cost,
                    undo=self._undo,
                    log=self._log_of,
                ),
                console.schedules.view().zone,
            )

    def open(self, place: CellPlace) -> None:
        """Show the cell; reading it goes on in the background."""
        self._place = place
        if self.grid is not None:
            self.grid.pin(place)
        self._drawer.wait(place.model_key)
        background_tasks.create(self._read(place), name="open a cell")

    def open_cell(self, cell_id: int) -> None:
        """Show the cell of that id."""
        self._drawer.wait(tr("One result"))
        background_tasks.create(self._find(cell_id), name="open a cell")

    def open_launch(self, launch: Launch | None) -> str:
        """Show the launch's column and its worst cell; return why it cannot be shown, or nothing."""
        if launch is None:
            return tr("This run has no column: it made no launch, or its history was removed.")
        target = self._console.targets.current
        if launch.target_id != target.id:
            text = tr("This run tested another service: {address}.", address=launch.target)
            return f"{text} {tr('Choose it as the service under test to see its results.')}"
        matrix = self._matrix()
        numbers = [column.launch_no for column in matrix.columns]
        if launch.launch_no not in numbers:
            return tr("This run is older than what the matrix shows.")
        if self.grid is not None:
            self.grid.light(launch.launch_no)
        if worst := worst_at(matrix.rows, numbers.index(launch.launch_no)):
            self.open(CellPlace(launch.launch_no, worst[0], UserType(worst[1])))
        return ""

    def open_model(self, model_key: str) -> None:
        """Show the newest cell of a model, the worse one of its user types."""
        dots = [dot for dot in self._console.e2e.health().dots if dot.model_key == model_key]
        columns = self._matrix().columns
        if dots and columns:
            self.open(CellPlace(columns[-1].launch_no, model_key, dots[0].user_type))

    def close(self) -> None:
        """Close the drawer."""
        self._drawer.close()

    def changed(self, changes: list[CellChange]) -> None:
        """Read the shown cell again when it was just judged."""
        place = self._place
        if place is None or not self._drawer.is_open:
            return
        if any(_is_at(change, place) and change.status not in _OPEN for change in changes):
            background_tasks.create(self._read(place), name="open a cell")

    def peek(self, place: CellPlace) -> None:
        """Answer the hover card."""
        background_tasks.create(self._peek(place), name="peek at a cell")

    async def again(self, again: Again) -> None:
        """Ask, naming the cost, and start."""
        if self._matrix().target_id == DEMO_TARGET_ID:
            toast(tr("Demo data cannot be asked again: the service never was"), tone="failed")
            return
        request = again_request(again, self._matrix(), self._user_types())
        if request is None:
            return
        if memory.asks_before_again():
            count = self._console.e2e.forecast(request).conversations
            agreed, ask_next = await ask_again(_what(again, request), count)
            memory.ask_before_again(on=ask_next)
            if not agreed:
                return
        await act(lambda: self._console.e2e.start(request), done=tr("Run started"))

    async def _read(self, place: CellPlace) -> None:
        with self._root:
            try:
                detail = await self._detail(place)
            except ConsoleError as error:
                self._failed(place, sentence(error.message))
                return
            except Exception:  # noqa: BLE001  # boundary: the drawer must say that it failed
                _log.exception("a cell could not be read")
                self._failed(place, tr("A fault in the console. The log has the details."))
                return
            if place != self._place or self._root.is_deleted:
                return
            if detail is None:
                self._failed(place, tr("This model was not asked in this launch."))
            else:
                self._drawer.show(detail)

    async def _find(self, cell_id: int) -> None:
        with self._root:
            try:
                cell = (await self._console.e2e.cell(cell_id)).cell
            except ConsoleError as error:
                self._drawer.fail(sentence(error.message), lambda: self.open_cell(cell_id))
                return
            self.open(CellPlace(cell.launch_no, cell.model_key, cell.user_type))

    def _failed(self, place: CellPlace, reason: str) -> None:
        self._drawer.fail(reason, lambda: self.open(place))

    async def _detail(self, place: CellPlace) -> CellDetail | None:
        kinds = (place.user_type,) if place.user_type else tuple(UserType)
        for kind in kinds:
            found = await self._console.e2e.cell_at(place.launch_no, place.model_key, kind)
            if found is not None:
                return found
        return None

    async def _peek(self, place: CellPlace) -> None:
        kinds = (place.user_type,) if place.user_type else self._user_types()
        with self._root:
            try:
                found = [
                    detail.cell
                    for kind in kinds
                    if (
                        detail := await self._console.e2e.cell_at(
                            place.launch_no, place.model_key, kind
                        )
                    )
                ]
            except ConsoleError as error:
                _log.warning("the hover card stays short: %s", error)
                return
            if self.grid is not None and not self.grid.is_deleted:
                self.grid.facts(place, peek_lines(found))

    async def _log_of(self, message_id: str) -> StoredLog | None:
        return await self._console.gateway.read_log(message_id)

    def _again_of_drawer(self, scope: str) -> None:
        if self._place is not None:
            background_tasks.create(self._again_in_page(scope), name="run again")

    async def _again_in_page(self, scope: str) -> None:
        with self._root:
            await self.again(self._scoped(scope))

    def _undo(self, undo: Undo) -> None:
        background_tasks.create(self._take_back(undo), name="roll back")

    async def _take_back(self, undo: Undo) -> None:
        with self._root:
            if await take_back(self._console, undo):
                self._drawer.close()
                self._reload()

    def _scoped(self, scope: str) -> Again:
        assert self._place is not None  # the drawer only calls with a cell shown
        place = self._place if scope == "cell" else replace(self._place, user_type=None)
        return Again(scope, place)

    def _cost(self, scope: str) -> int:
        request = again_request(self._scoped(scope), self._matrix(), self._user_types())
        return self._console.e2e.forecast(request).conversations if request else 0

    def _closed(self) -> None:
        self._place = None
        if self.grid is not None:
            self.grid.pin(None)
            self.grid.focus_grid()


def _is_at(change: CellChange, place: CellPlace) -> bool:
    return (change.launch_no, change.model_key, change.user_type) == (
        place.launch_no,
        place.model_key,
        place.user_type,
    )


def _what(again: Again, request: LaunchRequest) -> str:
    kinds = tr(", ").join(map(user_type_word, request.user_types))
    if again.scope == "column":
        return tr("All models of launch {no} ({users})", no=again.place.launch_no, users=kinds)
    return tr("{model} ({users})", model=again.place.model_key, users=kinds)
