"""One execution while it runs: its work, its progress, and how it was asked to end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from services.executions.types import Ending, Execution, ExecutionKind, ExecutionState
from services.foundation.messages import Message


def _new_future() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class Running:
    """What the process knows of an execution that has not ended; it is the work's Control."""

    execution: Execution
    kind: ExecutionKind
    on_progress: Callable[["Running"], Awaitable[None]]
    work: "asyncio.Task[Ending] | None" = None
    stop_as: ExecutionState | None = None  # cancelled or interrupted, once asked
    stop_reason: Message | None = None
    is_dirty: bool = False  # progress not yet saved
    is_flushing: bool = False
    is_abandoned: bool = False  # did not end within the grace of the ladder
    given_up: "asyncio.Future[None]" = field(default_factory=_new_future)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    params: dict[str, Any] = field(default_factory=dict[str, Any])

    async def progress(self, done: int, total: int) -> None:
        """Note how far the work is; it is saved and announced soon, not on every call."""
        self.execution = replace(self.execution, done=done, total=total)
        self.is_dirty = True
        if not self.is_flushing:
            self.is_flushing = True
            await self.on_progress(self)

    def ask_to_stop(self, state: ExecutionState, reason: Message) -> bool:
        """Note why it shall end and cancel the work; return False when that was asked before."""
        if self.stop_as is not None:
            return False
        self.stop_as = state
        self.stop_reason = reason
        self.execution = replace(self.execution, is_cancelling=True)
        if self.work is not None:
            self.work.cancel()
        return True

    def give_up(self) -> None:
        """Stop waiting for work that does not end."""
        self.is_abandoned = True
        if not self.given_up.done():
            self.given_up.set_result(None)
