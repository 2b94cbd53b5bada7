"""One open execution: its work, its progress, its output, and how it was asked to end."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from services.executions.output import Output
from services.executions.types import (
    CancelStage,
    Ending,
    Execution,
    ExecutionKind,
    ExecutionState,
    OutputChunk,
    StartOptions,
)
from services.foundation.actor import CONSOLE
from services.foundation.messages import Message


class Desk(Protocol):
    """What a running execution asks of the service."""

    def follow(self, run: "Running") -> None:
        """Save and announce its newest progress and output soon."""
        ...

    def speak(self, chunk: OutputChunk) -> None:
        """Pass what it just said to whoever listens."""
        ...

    async def note(self, run: "Running", kind: str, text: str, data: Mapping[str, Any]) -> int:
        """Add an event to its timeline."""
        ...

    async def start_part(
        self, run: "Running", name: str, params: Mapping[str, Any], options: StartOptions
    ) -> Execution:
        """Start a part of it."""
        ...

    async def wait(self, execution_id: str) -> Execution:
        """Return an execution once it has ended."""
        ...


_COUNT_MAX = 2**31 - 1  # what the columns hold


def _new_future() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class Running:
    """What the process knows of an execution that has not ended; it is the work's Control."""

    execution: Execution
    kind: ExecutionKind
    desk: Desk
    params: dict[str, Any]
    output: Output
    parent: "Running | None" = None
    actor: str = CONSOLE  # who started it: its log lines and changes say so
    work: "asyncio.Task[Ending] | None" = None
    timers: "list[asyncio.Task[None]]" = field(default_factory=list["asyncio.Task[None]"])
    stop_as: ExecutionState | None = None  # cancelled, interrupted or timed out, once asked
    stop_reason: Message | None = None
    is_admitted: bool = False  # it has its place among those that run
    is_kept: bool = False  # a task brings it to its end
    is_moved: bool = False  # progress not yet saved
    is_louder: bool = False  # output not yet saved
    is_followed: bool = False  # a task saves both
    output_saved_at: float = 0.0  # monotonic
    events: int = 0  # of the work itself
    is_closed: bool = False  # its work was ended from outside
    is_abandoned: bool = False  # it does not end, whatever is done
    given_up: "asyncio.Future[None]" = field(default_factory=_new_future)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def progress(self, done: int, total: int) -> None:
        """Note how far the work is; it is saved and announced soon, not on every call."""
        done, total = (max(0, min(int(n), _COUNT_MAX)) for n in (done, total))
        self.execution = replace(self.execution, done=done, total=total)
        self.is_moved = True
        self.desk.follow(self)

    def append_output(self, text: str) -> None:
        """Note what the work said: told at once, saved soon."""
        if not text:
            return
        offset, text = self.output.append(text)
        self.is_louder = True
        self.desk.speak(OutputChunk(self.execution.execution_id, offset, text))
        self.desk.follow(self)

    async def note(self, kind: str, text: str = "", data: Mapping[str, Any] | None = None) -> int:
        """Return the number of the new event of the timeline, once it is on disk."""
        return await self.desk.note(self, kind, text, data or {})

    async def start_child(
        self, name: str, params: Mapping[str, Any], options: StartOptions | None = None
    ) -> Execution:
        """Return a new execution that is a part of this one and ends with it at the latest."""
        return await self.desk.start_part(self, name, params, options or StartOptions())

    async def wait_child(self, execution_id: str) -> Execution:
        """Return the part once it has ended."""
        return await self.desk.wait(execution_id)

    def snapshot(self) -> Execution:
        """Return the execution with the output as it is now."""
        size = self.output.size
        if not size:
            return self.execution
        return replace(self.execution, output=self.output.head, output_size=size)

    def ask_to_stop(self, state: ExecutionState, reason: Message, at: datetime) -> bool:
        """Note why it shall end and cancel the work; return False when that was asked before."""
        if self.stop_as is not None:
            return False
        self.stop_as = state
        self.stop_reason = reason
        self.execution = replace(
            self.execution,
            is_cancelling=True,
            cancel_stage=CancelStage.ASKED,
            cancel_asked_at=at,
        )
        if self.work is not None:
            self.work.cancel()
        return True

    def set_stage(self, stage: CancelStage) -> None:
        """Note how far the ladder is."""
        self.execution = replace(self.execution, cancel_stage=stage)

    def close_work(self) -> None:
        """End work that swallows its cancellation: its coroutine is closed where it waits."""
        work = self.work
        if work is None or work.done():
            return
        try:
            work.get_coro().close()  # pyright: ignore[reportOptionalMemberAccess]
        except (RuntimeError, ValueError):  # it refuses even that
            return
        self.is_closed = True
        work.cancel()  # wakes the task, which finds nothing left to run

    def give_up(self) -> None:
        """Stop waiting for work that does not end."""
        self.is_abandoned = True
        if not self.given_up.done():
            self.given_up.set_result(None)
