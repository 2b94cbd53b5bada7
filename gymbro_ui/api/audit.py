"""/api/v1/audit: who changed what, and the way back."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, RowId, admin_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.audit.types import AuditEntry, AuditFilter, AuditKind

_FAR = 2**63 - 1

if TYPE_CHECKING:
    from services.console import Console

Text = Annotated[str, Query(max_length=320)]


def router(console: "Console") -> APIRouter:
    """Return the routes of the audit log, for admins."""
    api = APIRouter(
        prefix="/api/v1/audit", tags=["audit"], route_class=WireRoute, responses=REFUSALS
    )
    admin = Depends(admin_caller(console))

    @api.get("")
    async def list_entries(  # noqa: PLR0913, PLR0917  # a query  # pyright: ignore[reportUnusedFunction]
        request: Request,
        kind: AuditKind | None = None,
        actor: Text = "",
        subject_id: Text = "",
        text: Text = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int | None, Query(ge=-_FAR, le=_FAR)] = None,
        _: Caller = admin,
    ) -> Response:
        """List what was changed, newest first; pass `next_before` for older entries."""
        wanted = AuditFilter((str(kind),) if kind else (), actor, subject_id, text)
        page = await console.audit.page(wanted, limit=limit, before=before)
        rows = [entry_row(entry) for entry in page.entries]
        return envelope(
            request_id_of(request.scope), rows, total=len(rows), next_before=page.next_before
        )

    @api.post("/{entry_id}/undo")
    async def undo(entry_id: RowId, request: Request, _: Caller = admin) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Bring back the state before this entry, through the service that owns it."""
        entry = await console.undo.undo(entry_id)
        return envelope(request_id_of(request.scope), entry_row(entry))

    return api


def entry_row(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as it travels."""
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "actor": entry.actor,
        "request_id": entry.request_id,
        "kind": entry.kind,
        "subject_id": entry.subject_id,
        "subject": entry.subject,
        "action": entry.action,
        "before": entry.before,
        "after": entry.after,
        "group_id": entry.group_id,
        "is_demo": entry.is_demo,
        "undone_by": entry.undone_by,
        "undone_at": moment(entry.undone_at),
    }
