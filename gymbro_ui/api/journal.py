"""/api/v1/journal: results the database refused, and writing them back."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.journal.types import JournalView, ReplayReport

if TYPE_CHECKING:
    from services.console import Console


def router(console: "Console") -> APIRouter:
    """Return the routes of the journal, for admins."""
    api = APIRouter(
        prefix="/api/v1/journal", tags=["journal"], route_class=WireRoute, responses=REFUSALS
    )
    admin = Depends(admin_caller(console))

    @api.get("")
    async def view(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say what waits to be written back, where it lies and why, and what was put aside."""
        return envelope(request_id_of(request.scope), view_row(console.journal.view))

    @api.post("/replay")
    async def replay(request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Write back what waits; the answer says what is left and why."""
        report = await console.journal.replay()
        return envelope(request_id_of(request.scope), report_row(report))

    return api


def view_row(view: JournalView) -> dict[str, Any]:
    """Return the journal's state as it travels; counts are rows."""
    return {
        "waiting": view.waiting,
        "records": view.records,
        "in_reserve": view.in_reserve,
        "in_memory": view.in_memory,
        "refused": view.refused,
        "reason": view.reason or None,
        "since": None if view.since is None else moment(view.since),
        "folder": view.folder,
        "problem": view.problem or None,
        "reserve": {"size_bytes": view.reserve_bytes, "used_bytes": view.reserve_used_bytes},
        "put_aside": [
            {"name": one.name, "reason": one.reason, "size_bytes": one.size_bytes}
            for one in view.put_aside
        ],
        "last_replay": None if view.last is None else report_row(view.last),
    }


def report_row(report: ReplayReport) -> dict[str, Any]:
    """Return what a replay did as it travels."""
    return {
        "at": moment(report.at),
        "records": report.records,
        "rows": report.rows,
        "known": report.known,
        "put_aside": report.put_aside,
        "left": report.left,
        "reason": report.reason or None,
    }
