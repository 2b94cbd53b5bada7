"""Keeping: a turn's row before its first call and at its end; what the store refuses is not lost."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import dialogs as queries
from services.dialogs.rows import row_values
from services.dialogs.types import Dialog, Saved

_log = logging.getLogger(__name__)
TABLE = "ai_prompt_tests"
Journal = Callable[[str, list[dict[str, Any]], BaseException], Awaitable[bool]]


class Keeping:
    """Rows of ai_prompt_tests, one a turn."""

    def __init__(self, database: Database, journal: Journal | None = None) -> None:
        """`journal` takes what the database refuses; without one it is lost and said so."""
        self._database = database
        self._journal = journal

    async def begin(self, dialog: Dialog) -> None:
        """Keep that it runs, so that a crash leaves a trace; a refusal is left to the end."""
        try:
            await self._write(row_values(dialog))
        except DatabaseUnavailableError as error:
            _log.warning("a conversation begins without its row: %s", error)

    async def finish(self, dialog: Dialog) -> Saved:
        """Return where the turn is kept now; never raises for a refusing database."""
        values = row_values(dialog)
        try:
            await self._write(values)
        except DatabaseUnavailableError as error:
            return await self._keep_aside(values, error)
        return Saved.STORED

    async def _keep_aside(self, values: dict[str, Any], error: Exception) -> Saved:
        if self._journal is not None and await self._journal(TABLE, [values], error):
            return Saved.JOURNAL
        _log.error("a conversation could not be stored: %s", error)
        return Saved.LOST

    async def _write(self, values: dict[str, Any]) -> None:
        await self._database.write(partial(_keep, values=values))


def _keep(session: Any, values: dict[str, Any]) -> None:
    queries.keep(session, values)
