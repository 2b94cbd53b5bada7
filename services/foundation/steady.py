"""Steady: lets a loop go on whatever one of its turns meets, and says so once."""

import logging
from collections.abc import Awaitable, Callable


class Steady:
    """Runs the turns of a forever-loop; the loop itself keeps the pace."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        """`what` names the loop in the log."""
        self._log = log
        self._what = what
        self._known: type[Exception] | None = None

    async def turn(self, work: Callable[[], Awaitable[object]]) -> bool:
        """Return whether the turn went well; the same kind of error in a row is logged once."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # boundary: a loop that ended would end its service
            if type(error) is not self._known:
                self._log.exception("%s failed; it is tried again", self._what)
            self._known = type(error)
            return False
        if self._known is not None:
            self._log.warning("%s works again", self._what)
            self._known = None
        return True
