"""Traces: from an id in a line to the run or the message it belongs to."""

import re
from dataclasses import dataclass
from datetime import datetime

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import log_traces as queries

_RUN = re.compile(r"exe_[0-9a-z]{1,40}")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an id leads; empty texts where it leads nowhere."""

    address: str = ""  # of a page of this console
    message_id: str = ""  # of the gateway
    model: str = ""


class Traces:
    """Looks an id up around the time of its line, so that no big table is searched as a whole."""

    def __init__(self, database: Database) -> None:
        """Keep the store."""
        self._database = database

    async def find(self, request_id: str, at: datetime) -> Trace:
        """Return where the id leads; nowhere when the store cannot be read now."""
        if _RUN.fullmatch(request_id):
            return Trace(f"/executions/{request_id}")
        try:
            cell = await self._database.read(lambda s: queries.find_cell(s, request_id, at))
            if cell is not None:
                return Trace(f"/e2e?cell={cell}")
            message = await self._database.read(lambda s: queries.find_message(s, request_id, at))
        except DatabaseUnavailableError:
            return Trace()
        return Trace("", *message) if message is not None else Trace()
