"""E2e: start, follow and judge launches."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db.queries import e2e_runs as queries
from services.e2e import adhoc, plan
from services.e2e.boards import past_of, sign_in_word
from services.e2e.elsewhere import Elsewhere, read_elsewhere
from services.e2e.launching import Launching, Live
from services.e2e.obtaining import Obtaining
from services.e2e.openings import Openings
from services.e2e.parts import E2eParts
from services.e2e.present import Present
from services.e2e.records import to_launch
from services.e2e.store import E2eStore
from services.e2e.types import (
    Cell,
    CellChange,
    CellStatus,
    Launch,
    LaunchRequest,
    RunStatus,
)
from services.executions.types import Control, Ending, ExecutionKind, Trigger
from services.foundation.errors import ConflictError
from services.foundation.signals import Signal
from services.targets.types import Target, TargetEdit

_log = logging.getLogger(__name__)
KIND = "e2e"


class E2e(Present):
    """One launch at a time; every verdict is on disk before it is announced."""

    def __init__(self, parts: E2eParts) -> None:
        """Register the kind; load() reads the past."""
        super().__init__(parts)
        self._store = E2eStore(parts.database, parts.clock, parts.journal)
        self.obtaining = Obtaining(parts, self.network)  # whether tokens can be had
        self._launching = Launching(parts, self._store, self.obtaining)
        self._openings = Openings(parts.executions, parts.tasks)
        self.cell_changed: Signal[CellChange] = Signal("e2e.cell_changed")
        self.launched: Signal[Launch] = Signal("e2e.launched")
        self.finished: Signal[Launch] = Signal("e2e.finished")
        parts.executions.register(
            ExecutionKind(
                KIND,
                "End-to-end run",
                "science",
                self.run,
                is_exclusive=True,
                home="/e2e",
                again=plan.again,
            )
        )
        self._launching.closed_late.subscribe(self._end)

    def load(self) -> None:
        """Read the board of the present target, what the operator has seen, and the token check."""
        super().load()
        self.obtaining.load()

    async def recover(self) -> int:
        """Close launches of an earlier start as interrupted, sweep their users; return how many."""
        count = await self.close_left_over()
        self._parts.tasks.start(self._parts.identities.sweep(), "e2e sweep")
        self._parts.tasks.start(self.obtaining.run(), "e2e obtaining")
        self._parts.tasks.start(self.network.run(), "e2e network")
        return count

    async def close_left_over(self) -> int:
        """Close launches whose execution does not run any more as interrupted; return how many."""
        closed = await self._store.recover()
        for launch in closed:
            _log.warning("launch %d was interrupted by the end of the process", launch.launch_no)
        if closed:
            self._elsewhere.clear()
            await self._reload(self._parts.targets.current.id)
            self._announce()
        return len(closed)

    async def hear(self) -> None:
        """Show what launches of other consoles on the same store changed."""
        for target_id in list(self._boards):
            live = self._live
            if live is None or live.launch.target_id != target_id:
                await self._hear(target_id)
        await asyncio.to_thread(self._seen.load)
        self._announce()

    async def _hear(self, target_id: int) -> None:
        before = self._elsewhere.get(target_id) or Elsewhere()
        now = await self._parts.database.read(lambda s: read_elsewhere(s, target_id))
        self._elsewhere[target_id] = now
        await self._reload(target_id)
        for change in now.changes(before):
            self.cell_changed.emit(change)
        if now.launch is not None and now.launch != before.launch:
            self.launched.emit(now.launch)  # pages look again; an end counts where it happened

    async def target_for(self, edit: TargetEdit) -> Target:
        """Return the target of an address a command names; raise InputError."""
        return await adhoc.find_or_make(self._parts.targets, edit)

    # -- starting

    @property
    def running(self) -> Launch | None:
        """The launch that runs now; one whose rows are closed is over, though it still cleans up."""
        live = self._live
        if live is not None and live.launch.status is RunStatus.RUNNING:
            return live.launch
        return next((one.running for one in self._elsewhere.values() if one.running), None)

    def running_cells(self, target_id: int) -> frozenset[tuple[str, str]]:
        """Return model key and user type of the cells that are being asked right now."""
        live = self._live
        if live is None or live.launch.target_id != target_id:
            other = self._elsewhere.get(target_id)
            return frozenset() if other is None else other.asked_now
        return frozenset(
            key for key, cell in live.states.items() if cell.status is CellStatus.RUNNING
        )

    async def start(self, request: LaunchRequest) -> Launch:
        """Return the new launch, on disk as running; raise ConflictError, InputError, NotFoundError.

        A slot that a launch has served already gives that launch again.
        """
        self._check(request, self._target_of(request))
        if request.slot_at is not None:
            slot_at = request.slot_at
            served = await self._parts.database.read(lambda s: queries.launch_of_slot(s, slot_at))
            if served is not None:
                return to_launch(served)
        await self._let_clean_up()
        execution = await self._parts.executions.start(
            KIND,
            plan.to_params(request),
            trigger=Trigger(request.trigger),
            started_by=request.started_by,
        )
        return await self._openings.wait(execution.execution_id)

    async def _let_clean_up(self) -> None:
        """Wait for the users of a launch that is over to be released, some seconds at most."""
        live = self._live
        if live is not None and live.launch.status is not RunStatus.RUNNING:
            await self._parts.executions.wait(live.launch.execution_id)

    async def fire(self, slot_at: datetime) -> str:
        """Start the launch of a scheduled slot; return its execution id; raise ConflictError.

        While this machine is offline it waits, half an hour at most: nobody could be judged.
        """
        if not await self.network.wait():
            raise ConflictError("This machine is offline: the check was left out")
        request = LaunchRequest(
            trigger="schedule", slot_at=slot_at, user_types=self._configured_types()
        )
        return (await self.start(request)).execution_id

    async def cancel(self) -> Launch | None:
        """Ask the running launch to stop; return it, or None when none runs."""
        launch = self.running
        if launch is not None:
            await self._parts.executions.cancel(launch.execution_id)
        return launch

    # -- the launch

    async def run(self, params: Mapping[str, Any], control: Control) -> Ending:
        """Run one launch as an execution: the work of the kind `e2e`."""
        execution = control.execution
        defaults = self._parts.settings.preferences.e2e_user_types
        request = plan.from_params({**params, "trigger": str(execution.trigger)}, defaults)
        target = self._target_of(request)
        self._check(request, target)
        board = await self._board(target.id)
        live = await self._launching.open(
            request, target, execution.execution_id, self.known_models(target)
        )
        self._live = live
        board.begin(live.launch)
        try:
            self._openings.opened(execution.execution_id, live.launch)
            self.launched.emit(live.launch)
            self._announce()
            return await self._launching.run(live, control, self._on_cell)
        finally:
            self._openings.forget(execution.execution_id)
            self._live = None
            self._end(live)

    async def _on_cell(self, cell: Cell, live: Live, control: Control) -> None:
        board = self._boards[live.launch.target_id]
        is_news = board.note(cell)
        change = CellChange(
            launch_no=cell.launch_no,
            model_key=cell.model_key,
            user_type=cell.user_type,
            status=cell.status,
            cell_id=cell.id,
            done=live.done,
            total=live.total,
        )
        self.cell_changed.emit(change)
        await control.progress(live.done, live.total)
        if is_news:
            self._announce()

    def _end(self, live: Live) -> None:
        launch = live.launch
        board = self._boards[launch.target_id]
        if launch.status not in (RunStatus.CANCELLED, RunStatus.INTERRUPTED):
            board.sign_in_down = sign_in_word(launch)
        past = past_of(launch)
        is_ended = launch.status in (RunStatus.SUCCESS, RunStatus.FAILED)
        if past is not None and is_ended and not launch.is_partial:
            self._past[launch.target_id] = past
        if not live.request.models:
            board.asked = tuple(dict.fromkeys(key[0] for key in live.states)) or board.asked
        self.finished.emit(launch)
        self._announce()
