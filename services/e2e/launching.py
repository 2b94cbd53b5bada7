"""Launching: from a request to a launch on disk, through its run, to its end and the clean-up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from db.errors import DatabaseUnavailableError
from services.e2e import plan
from services.e2e.lane import OPEN
from services.e2e.legs import Legs
from services.e2e.obtaining import Obtaining
from services.e2e.order import Order, Tools
from services.e2e.parts import E2eParts
from services.e2e.runner import NO_MODELS, Runner
from services.e2e.store import E2eStore
from services.e2e.types import Cell, Launch, LaunchRequest, Run, RunStatus
from services.executions.types import Control, Ending, ExecutionState
from services.foundation.ids import new_hex
from services.foundation.messages import say
from services.foundation.signals import Signal
from services.targets.types import Target

_log = logging.getLogger(__name__)
_LATE_FIRST_S = 1.0  # before the end is tried again, twice as long each time
_LATE_MOST_S = 60.0
OnCell = Callable[[Cell, "Live", Control], Awaitable[None]]


class Live:
    """The running launch: what pages need of it without asking the store."""

    def __init__(self, launch: Launch, request: LaunchRequest) -> None:
        """Start before the first cell is planned."""
        self.launch = launch
        self.request = request
        self.runner: Runner | None = None
        self.states: dict[tuple[str, str], Cell] = {}
        self.done = 0

    @property
    def total(self) -> int:
        """How many cells are planned; 0 until all of them are."""
        return len(self.states) if self.runner is None else len(self.runner.cells)

    def note(self, cell: Cell) -> None:
        """Take a cell and count those that ended."""
        key = (cell.model_key, str(cell.user_type))
        was_open = key not in self.states or self.states[key].status in OPEN
        self.states[key] = cell
        if was_open and cell.status not in OPEN:
            self.done += 1


class Launching:
    """Opens, runs and closes launches."""

    def __init__(self, parts: E2eParts, store: E2eStore, obtaining: Obtaining) -> None:
        """Keep the parts."""
        self.closed_late: Signal[Live] = Signal("e2e.closed_late")
        self._obtaining = obtaining
        self._parts = parts
        self._store = store

    async def open(
        self,
        request: LaunchRequest,
        target: Target,
        execution_id: str,
        known_models: Sequence[str],
    ) -> Live:
        """Return the launch, on disk with its runs before anything goes over the network."""
        preferences = self._parts.settings.preferences
        now = self._parts.clock.now()
        launch = Launch(
            launch_no=0,
            launch_id=new_hex(),
            execution_id=execution_id,
            target_id=target.id,
            trigger=request.trigger,
            status=RunStatus.RUNNING,
            started_at=now,
            slot_at=request.slot_at,
            is_partial=plan.is_partial(request, preferences.e2e_user_types),
            target=target.api_base,
        )
        runs = [
            Run(
                run_id=new_hex(),
                user_type=user_type,
                auth_mode="",
                status=RunStatus.RUNNING,
                is_anonymous=None,
                started_at=now,
                created_at=now,
                launch_id=launch.launch_id,
                trigger=request.trigger,
                prompt_text=preferences.e2e_prompt_text,
                result_mode=str(preferences.e2e_result_mode),
                target=target.api_base,
            )
            for user_type in request.user_types
        ]
        launch = await self._store.open(launch, runs)
        live = Live(launch, request)
        env = self._parts.settings.env.e2e
        order = Order(request, target, preferences, env, tuple(known_models))
        live.runner = Runner(self._tools(target), order, launch, runs)
        return live

    def _tools(self, target: Target) -> Tools:
        parts = self._parts
        demo_key = next((m.name for m in parts.mapping.mapped() if m.is_demo), "")
        legs = Legs(parts.chat, parts.suppliers, parts.models, target, demo_key)
        return Tools(
            clock=parts.clock,
            store=self._store,
            identities=parts.identities,
            chat=parts.chat,
            legs=legs,
            settings=parts.settings,
            prompts=parts.prompts,
        )

    async def run(self, live: Live, control: Control, on_cell: OnCell) -> Ending:
        """Run the launch; whatever happens its rows are closed and its users released."""
        runner = live.runner
        assert runner is not None

        async def heard(cell: Cell) -> None:
            live.note(cell)
            await on_cell(cell, live, control)

        stopped: RunStatus | None = None
        failure: BaseException | None = None
        try:
            await runner.run(heard)
        except asyncio.CancelledError:
            is_stop = control.stop_as is ExecutionState.INTERRUPTED
            stopped = RunStatus.INTERRUPTED if is_stop else RunStatus.CANCELLED
            raise
        except Exception as error:  # noqa: BLE001  # boundary: one launch fails, its rows are closed
            failure, stopped = _innermost(error), RunStatus.FAILED
            _log.exception("launch %d failed on our side", live.launch.launch_no)
        finally:  # a second, forced cancel must not leave rows open or users behind
            closing = self._parts.tasks.start(self._close(live, runner, stopped), "e2e close")
            await asyncio.shield(closing)
        if count := self._store.journaled.pop(live.launch.launch_no, 0):
            words = say(
                "The store refused {count} results; the journal writes them back when it can",
                count=count,
            )
            await control.note("journal", words.text, words.params)
        return _ending(live.launch, runner, failure)

    async def _close(self, live: Live, runner: Runner, stopped: RunStatus | None) -> None:
        rest = runner.end(stopped)
        try:
            live.launch = await runner.keep(rest)
        except DatabaseUnavailableError as error:
            _log.error("launch %d could not be closed: %s", live.launch.launch_no, error)
            ended = await runner.set_aside(error)
            live.launch = replace(ended, status=RunStatus.RUNNING)  # until its rows are closed
            self._parts.tasks.start(self._close_late(live, runner, rest), "e2e late close")
        finally:
            await runner.release()
            outcomes = {lane.run.user_type: lane.sign_in for lane in runner.lanes}
            await self._obtaining.note(runner.target, outcomes)
            self._parts.tasks.start(self._parts.identities.sweep(), "e2e sweep")

    async def _close_late(self, live: Live, runner: Runner, rest: Sequence[Cell]) -> None:
        """Try until the store takes the end; a launch that outlives the process is recovered."""
        wait_s = _LATE_FIRST_S
        while live.launch.status is RunStatus.RUNNING:
            await self._parts.clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _LATE_MOST_S)
            try:
                live.launch = await runner.keep(rest)
            except DatabaseUnavailableError as error:
                _log.warning("the end of launch %d waits: %s", live.launch.launch_no, error)
        self.closed_late.emit(live)


def _innermost(error: Exception) -> BaseException:
    """Return the first real error of a group of tasks."""
    found: BaseException = error
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return found  # pyright: ignore[reportUnknownVariableType]


def _ending(launch: Launch, runner: Runner, failure: BaseException | None) -> Ending:
    meta = {
        "launch_no": launch.launch_no,
        "launch_id": launch.launch_id,
        "cells": launch.cells,
        "judged": launch.judged,
        "good": launch.good,
        "error_summary": launch.error_summary,
    }
    text = f"{launch.good}/{launch.judged} good, {launch.cells - launch.judged} not judged"
    if failure is not None:
        reason = f"{type(failure).__name__}: {failure}"
        return Ending(
            ExecutionState.FAILED,
            text,
            type(failure).__name__,
            say("The run stopped on our side: {reason}", reason=reason),
            meta,
        )
    if not runner.cells:
        word = launch.error_summary or NO_MODELS
        error = say("There was nothing to judge: {word}", word=word)
        return Ending(ExecutionState.FAILED, text, word, error, meta)
    if runner.is_out_of_time:
        error = say("The run passed its time limit")
        return Ending(ExecutionState.TIMED_OUT, text, "launch_timeout", error, meta)
    return Ending(ExecutionState.SUCCEEDED, text, meta=meta)
