"""Run one launch: sign in, list, ask model after model, keep each verdict, and always close."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from services.e2e import rules
from services.e2e.asking import Asking
from services.e2e.lane import Lane
from services.e2e.opening import Opening
from services.e2e.order import Order, Tools
from services.e2e.types import Cell, CellStatus, Kind, Launch, Run, RunStatus
from services.targets.types import Target

_log = logging.getLogger(__name__)
REFUSALS_MAX = 5  # in a row, against a foreign server
NO_MODELS = "no_mapped_models"
TOO_MANY_REFUSALS = "too_many_refusals"
OnCell = Callable[[Cell], Awaitable[None]]
_RELEASE_S = 4.0  # for all created users together; the sweeper takes what is left


class Runner:
    """One launch; whoever listens hears of every cell after it is on disk."""

    def __init__(
        self,
        tools: Tools,
        order: Order,
        launch: Launch,
        runs: Sequence[Run],
    ) -> None:
        """Take the launch as it is on disk; nothing was asked yet."""
        self._tools = tools
        self._order = order
        self._on_cell: OnCell = _nobody
        self._begun_s = tools.clock.monotonic()
        self._refusals = 0
        self._was_stopped = False
        self._opening = Opening(tools, order)
        self._asking = Asking(tools, order, self._opening, self._left_s)
        self.launch = launch
        self.lanes = [Lane(run, self._begun_s) for run in runs]

    @property
    def target(self) -> Target:
        """What is tested."""
        return self._order.target

    @property
    def cells(self) -> list[Cell]:
        """Every cell of the launch as it stands."""
        return [cell for lane in self.lanes for cell in lane.cells.values()]

    @property
    def is_out_of_time(self) -> bool:
        """Whether the launch's own deadline has passed."""
        return self._left_s() <= 0

    def _left_s(self) -> float:
        elapsed = self._tools.clock.monotonic() - self._begun_s
        return self._order.preferences.e2e_launch_timeout_s - elapsed

    async def run(self, on_cell: OnCell) -> None:
        """Ask everything; a failing step ends its own part only."""
        self._on_cell = on_cell
        for lane in self.lanes:
            await self._opening.sign_in(lane)
        for lane in self.lanes:
            await self._opening.list_models(lane, self._left_s())
        await self._plan()
        async with asyncio.TaskGroup() as group:
            for lane in self.lanes:
                group.create_task(self._ask_all(lane), name=f"e2e {lane.run.user_type}")

    async def _plan(self) -> None:
        """Put every cell on disk before the first message."""
        planned = self._opening.cells(self.lanes, self.launch.launch_no)
        if not planned:
            for lane in self.lanes:
                lane.summary = lane.summary or NO_MODELS
            return
        lanes = {lane.run.run_id: lane for lane in self.lanes}
        for cell in await self._tools.store.plan(planned, self._order.target.id):
            lanes[cell.run_id].take([cell])
        for cell in self.cells:
            await self._on_cell(cell)

    async def _ask_all(self, lane: Lane) -> None:
        for cell in lane.open_cells():
            word = self._reason_to_give_up()
            if word:
                await self._give_up(lane, word)
                return
            running = replace(cell, status=CellStatus.RUNNING)
            lane.take([running])
            await self._on_cell(running)
            judged, reply = await self._asking.ask(lane, running)
            self._refusals = self._refusals + 1 if (reply.status or 0) >= 400 else 0
            lane.take([judged])
            await self._tools.store.save([judged], lane.run, reply.text or None)
            await self._on_cell(judged)
        lane.ended = (self._tools.clock.now(), self._tools.clock.monotonic())

    def _reason_to_give_up(self) -> str:
        if self.is_out_of_time:
            return rules.LAUNCH_TIMEOUT
        is_refused = self._refusals >= REFUSALS_MAX and not self._order.target.is_self
        return TOO_MANY_REFUSALS if is_refused else ""

    async def _give_up(self, lane: Lane, word: str) -> None:
        """Leave the rest unasked, so that no cooldown of the server is triggered."""
        now = self._tools.clock.now()
        rest = [
            replace(cell, status=CellStatus.NOT_RUN, kind=Kind.NOT_RUN, error=word, at=now)
            for cell in lane.open_cells()
        ]
        lane.take(rest)
        lane.summary = lane.summary or word
        await self._tools.store.save(rest, lane.run)
        for cell in rest:
            await self._on_cell(cell)

    # -- the end

    def end(self, stopped: RunStatus | None) -> list[Cell]:
        """Return the cells it left unasked; `stopped` says whether somebody or the process ended it.

        Nothing is on disk yet: keep() does that.
        """
        clock = self._tools.clock
        now = clock.now()
        rest: list[Cell] = []
        if stopped is not None:
            status, kind = _END[stopped]
            for lane in self.lanes:
                mine = [
                    replace(c, status=status, kind=kind, error=str(stopped), at=now)
                    for c in lane.open_cells()
                ]
                lane.take(mine)
                lane.summary = lane.summary or str(stopped)
                rest += mine
        for lane in self.lanes:
            lane.end(stopped, now, clock.monotonic())
        self.launch = replace(
            self.launch,
            status=stopped or _together(self.lanes),
            finished_at=now,
            error_summary=_summary_of(self.lanes),
        )
        self._was_stopped = stopped is not None
        return rest

    async def keep(self, rest: Sequence[Cell]) -> Launch:
        """Return the launch closed on disk, then tell of its unasked cells.

        May be called again after DatabaseUnavailableError.
        """
        runs = [lane.run for lane in self.lanes]
        self.launch = await self._tools.store.close(
            self.launch, runs, self.cells, was_stopped=self._was_stopped
        )
        for cell in rest:
            await self._on_cell(cell)
        return self.launch

    async def set_aside(self, error: Exception) -> Launch:
        """Return the launch as it ended, its rows given to the journal: the store refused them."""
        runs = [lane.run for lane in self.lanes]
        return await self._tools.store.set_aside(self.launch, runs, self.cells, error)

    async def release(self) -> None:
        """Delete the users that were made; what does not work now is left to the sweeper."""
        made = [signed for lane in self.lanes for signed in lane.made]
        try:
            async with asyncio.timeout(_RELEASE_S):
                for signed in made:
                    await self._tools.identities.release(self._order.target, signed)
        except TimeoutError:
            _log.warning("the users of launch %d are left to the sweeper", self.launch.launch_no)


async def _nobody(_cell: Cell) -> None:
    """Hear of a cell and do nothing."""


_END = {
    RunStatus.CANCELLED: (CellStatus.CANCELLED, Kind.CANCELLED),
    RunStatus.INTERRUPTED: (CellStatus.INTERRUPTED, Kind.INTERRUPTED),
    RunStatus.FAILED: (CellStatus.INTERRUPTED, Kind.INTERRUPTED),
}


def _summary_of(lanes: Sequence[Lane]) -> str:
    """Return the lanes' first reason, a sign-in that failed before all others."""
    failed = [lane.summary for lane in lanes if lane.kind is Kind.AUTH and lane.summary]
    return next(iter([*failed, *(lane.summary for lane in lanes if lane.summary)]), "")


def _together(lanes: Sequence[Lane]) -> RunStatus:
    is_good = all(lane.run.status is RunStatus.SUCCESS for lane in lanes)
    return RunStatus.SUCCESS if is_good else RunStatus.FAILED
