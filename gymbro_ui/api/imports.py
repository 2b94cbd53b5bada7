"""/api/v1/imports: an original database previewed, taken over, and what became of each row."""

from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gymbro_ui.api.access import REFUSALS, admin_caller, operator_caller
from gymbro_ui.api.wire_errors import envelope, request_id_of
from gymbro_ui.api.wire_route import WireRoute
from services.accounts.types import Caller
from services.executions.types import Trigger
from services.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from services.console import Console

Id = Annotated[str, Path(max_length=60, pattern=r"^[0-9A-Za-z_]+$")]
Format = Annotated[Literal["", "json", "csv"], Query(alias="format")]


class ImportBody(BaseModel):
    """A file of the machine the console runs on."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field(min_length=1, max_length=4_000)


def router(console: "Console") -> APIRouter:
    """Return the routes; only the operator's token may name a file of this machine."""
    api = APIRouter(
        prefix="/api/v1/imports", tags=["imports"], route_class=WireRoute, responses=REFUSALS
    )
    operator, admin = operator_caller(console), Depends(admin_caller(console))

    @api.post("/preview", dependencies=[Depends(operator)])
    async def preview(request: Request, body: ImportBody) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say what an import of the file would do, row by row; nothing is changed."""
        values = await console.importing.preview_values(FilePath(body.path))
        return envelope(request_id_of(request.scope), values)

    @api.post("", status_code=202)
    async def start(
        request: Request, caller: Annotated[Caller, Depends(operator)], body: ImportBody
    ) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Start to take the file over; its execution says how it goes."""
        started = await console.importing.start(
            FilePath(body.path), trigger=Trigger.COMMAND, started_by=caller.user_id
        )
        data = {"execution_id": started.execution_id, "status": str(started.status)}
        return envelope(request_id_of(request.scope), data, code=202)

    @api.get("/{execution_id}/report", dependencies=[admin])
    async def report(request: Request, execution_id: Id, kind: Format = "") -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say what became of each row of that import; with `format` as a file."""
        if kind:
            content = console.importing.report_file(execution_id, kind)
            if content is not None:
                return _file(execution_id, kind, content)
        elif (found := console.importing.report(execution_id)) is not None:
            return envelope(request_id_of(request.scope), found)
        raise NotFoundError("There is no report of the import {id}", id=execution_id)

    return api


def _file(execution_id: str, kind: str, content: bytes) -> Response:
    name = f"import-{execution_id}.{kind}"
    return Response(
        content,
        media_type="text/csv; charset=utf-8" if kind == "csv" else "application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
