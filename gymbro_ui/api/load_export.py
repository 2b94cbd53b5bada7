"""/simulator/load/{run_id}/export.csv and .json: every call of a load test, for the person at the page."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path
from starlette.responses import PlainTextResponse, Response

from services.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from services.console import Console

RunId = Annotated[str, Path(pattern=r"^exe_[0-9a-z]{18}$")]
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def router(console: "Console") -> APIRouter:
    """Return the route the run's page leads to; like the pages it asks for no token."""
    api = APIRouter(include_in_schema=False)

    @api.get("/simulator/load/{run_id}/export.{kind}")
    async def download(run_id: RunId, kind: Literal["csv", "json"]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return all calls as of one moment; no cell of the CSV can become a formula."""
        try:
            file = await console.loadtest.export(run_id, kind)
        except NotFoundError:
            return PlainTextResponse("There is no such load test.", 404, headers=_HEADERS)
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, headers=headers, media_type=file.media_type)

    return api
