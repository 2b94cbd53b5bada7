"""/api/v1/logs/recent: the newest lines of the log, secrets masked (contract 10.4)."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, permanent_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.logs.types import LogEntry, LogLevel

if TYPE_CHECKING:
    from services.console import Console


def router(console: "Console") -> APIRouter:
    """Return the route, for every user that is not anonymous."""
    api = APIRouter(prefix="/api/v1/logs", tags=["logs"], route_class=WireRoute, responses=REFUSALS)

    @api.get("/recent")
    async def recent(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        _: Annotated[Caller, Depends(permanent_caller(console))],
        level: LogLevel = LogLevel.WARNING,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """List the newest lines of this level and above, newest first."""
        rows = [entry_row(entry) for entry in console.logs.recent(level, limit)]
        data = {"level": str(level), "limit": limit, "count": len(rows), "logs": rows}
        return envelope(request_id_of(request.scope), data)

    return api


def entry_row(entry: LogEntry) -> dict[str, Any]:
    """Return a line as it travels."""
    return {
        "timestamp": moment(entry.at),
        "level": entry.level,
        "level_num": entry.level_no,
        "user_id": entry.user_id or None,
        "request_id": entry.request_id or None,
        "message": entry.text,
        "logger": entry.logger,
        "module": entry.module,
        "function": entry.function,
        "line": entry.line,
    }
