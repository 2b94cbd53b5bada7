"""Supervised asyncio tasks: named, kept, logged, cancelled on stop."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Tasks:
    """Every background task of the process; none is lost silently."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run the coroutine as a task that is kept and whose failure is logged."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task %s failed", task.get_name(), exc_info=error)

    @property
    def names(self) -> list[str]:
        """Names of the tasks that run now, sorted."""
        return sorted(task.get_name() for task in self._running)

    async def stop(self, grace_s: float = 5.0) -> None:
        """Cancel what still runs and wait for it, at most `grace_s` seconds."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            _done, late = await asyncio.wait(running, timeout=grace_s)
            for task in late:
                _log.warning("task %s did not end in %.0f s", task.get_name(), grace_s)
