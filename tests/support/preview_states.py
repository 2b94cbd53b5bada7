"""Preview states: the same console whose readings never come, or cannot be had."""

import asyncio
import inspect
from typing import Any

from services.foundation.errors import StoreError

STATES = ("", "loading", "error")
_PARTS = (
    "e2e", "executions", "prompts", "dialogs", "loadtest", "load_history", "agents", "workflows",
    "audit", "logs", "stats", "cloud", "upkeep", "access", "mapping", "models",
)  # fmt: skip


def hold(console: Any, state: str) -> None:
    """Let every asynchronous call of the console's parts wait for ever, or fail as a full disk does."""
    if state:
        for name in _PARTS:
            if hasattr(console, name):
                setattr(console, name, _Held(getattr(console, name), state))


class _Held:
    """A part whose coroutines do not do what they are there for; the rest is its own."""

    def __init__(self, part: Any, state: str) -> None:
        self.__dict__["_part"], self.__dict__["_state"] = part, state

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if inspect.iscoroutinefunction(found):
            return self._stand_still if self._state == "loading" else self._refuse
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._part, name, value)

    async def _stand_still(self, *_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    async def _refuse(self, *_: Any, **__: Any) -> None:
        raise StoreError("The database could not be read: the disk is full")
