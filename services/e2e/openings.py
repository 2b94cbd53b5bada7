"""Openings: who starts a launch waits until its rows are on disk."""

import asyncio

from services.e2e.types import Launch
from services.executions.service import Executions
from services.foundation.errors import ConflictError
from services.foundation.tasks import Tasks


class Openings:
    """One future an execution: the launch it opened."""

    def __init__(self, executions: Executions, tasks: Tasks) -> None:
        """Start with none."""
        self._executions = executions
        self._tasks = tasks
        self._futures: dict[str, asyncio.Future[Launch]] = {}

    def _of(self, execution_id: str) -> "asyncio.Future[Launch]":
        future = self._futures.get(execution_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._futures[execution_id] = future
        return future

    def opened(self, execution_id: str, launch: Launch) -> None:
        """Tell that the launch is on disk."""
        future = self._of(execution_id)
        if not future.done():
            future.set_result(launch)

    def forget(self, execution_id: str) -> None:
        """Tell that the execution is over."""
        self._futures.pop(execution_id, None)

    async def wait(self, execution_id: str) -> Launch:
        """Return the launch once it is on disk; raise ConflictError when it ended before that."""
        opened = self._of(execution_id)
        ended = self._tasks.start(self._executions.wait(execution_id), "e2e opening")
        try:
            await asyncio.wait({opened, ended}, return_when=asyncio.FIRST_COMPLETED)
            if opened.done():
                return opened.result()
            raise ConflictError(
                "The run ended before it began: {reason}",
                existing_id=execution_id,
                reason=ended.result().error,
            )
        finally:
            ended.cancel()
            self.forget(execution_id)
