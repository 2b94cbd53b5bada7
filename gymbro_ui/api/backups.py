"""/api/v1/backups: the copies of the database, one made now, one verified, one put back."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller, operator_caller
from gymbro_ui.api.catalogue import moment
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.backup.types import KIND, RestorePreview, StoredBackup

if TYPE_CHECKING:
    from services.console import Console

Name = Annotated[str, Path(max_length=200, pattern=r"^[^/\\\x00]+\.db$")]


class RestoreBody(BaseModel):
    """The word that says it is meant."""

    model_config = ConfigDict(extra="forbid")
    confirm: Literal["restore"]


def router(console: "Console") -> APIRouter:
    """Return the routes; a restore is for the operator's token alone."""
    api = APIRouter(
        prefix="/api/v1/backups", tags=["backups"], route_class=WireRoute, responses=REFUSALS
    )
    admin = admin_caller(console)

    @api.get("")
    async def listed(request: Request, _: Annotated[Caller, Depends(admin)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """List the copies, the newest first."""
        copies = [_row(one) for one in await console.upkeep.backups.list()]
        data = {"possible": console.upkeep.backups.is_possible, "backups": copies}
        return envelope(request_id_of(request.scope), data)

    @api.post("", status_code=202)
    async def make(request: Request, caller: Annotated[Caller, Depends(admin)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Start to make a copy; its execution says how it goes."""
        started = await console.executions.start(KIND, {}, started_by=caller.user_id)
        data = {"execution_id": started.execution_id, "status": str(started.status)}
        return envelope(request_id_of(request.scope), data, code=202)

    @api.post("/{name}/verify")
    async def verify(
        request: Request, _: Annotated[Caller, Depends(admin)], name: Name
    ) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Read a copy whole and say what putting it back would change; nothing is changed."""
        preview = await console.upkeep.restores.preview(name)
        return envelope(request_id_of(request.scope), _preview_row(preview))

    operator = Depends(operator_caller(console))

    @api.post("/{name}/restore", status_code=202, dependencies=[operator])
    async def restore(request: Request, name: Name, body: RestoreBody) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Stop, put the copy in the place of the database, and start anew."""
        del body  # its one word was checked
        await console.upkeep.restores.ask(name)
        console.ask_to_stop()
        return envelope(request_id_of(request.scope), {"name": name, "restarts": True}, code=202)

    return api


def _row(one: StoredBackup) -> dict[str, Any]:
    return {
        "name": one.name,
        "size_bytes": one.size_bytes,
        "made_at": moment(one.made_at),
        "verified": one.is_verified,
        "rows": one.rows or None,
        "version": one.version or None,
    }


def _preview_row(preview: RestorePreview) -> dict[str, Any]:
    return {
        "name": preview.name,
        "made_at": moment(preview.made_at),
        "verified": True,
        "version": preview.version,
        "rows": preview.rows,
        "unpushed": preview.unpushed,
        "unchanged_tables": preview.same,
        "changes": [
            {"table": one.name, "rows_now": one.now, "rows_then": one.then}
            for one in preview.tables
        ],
    }
