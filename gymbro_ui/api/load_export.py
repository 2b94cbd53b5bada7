"""/simulator/load/{run_id}/export.csv and .json: calls of a load test, for the person at the page."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import PlainTextResponse, Response

from services.foundation.errors import NotFoundError
from services.load_history.types import SampleFilter, SampleOrder
from services.loadtest.types import SampleClass

if TYPE_CHECKING:
    from services.console import Console

RunId = Annotated[str, Path(pattern=r"^exe_[0-9a-z]{18}$")]
Text = Annotated[str, Query(max_length=300)]
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def router(console: "Console") -> APIRouter:
    """Return the route the run's page leads to; like the pages it asks for no token."""
    api = APIRouter(include_in_schema=False)

    @api.get("/simulator/load/{run_id}/export.{kind}")
    async def download(  # pyright: ignore[reportUnusedFunction]
        run_id: RunId,
        kind: Literal["csv", "json"],
        model: Text = "",
        sample_class: Annotated[SampleClass | None, Query(alias="class")] = None,
        text: Annotated[str, Query(alias="q", max_length=300)] = "",
        order: SampleOrder = SampleOrder.STARTED,
    ) -> Response:
        """Return the calls that match as of one moment; no cell of the CSV can become a formula."""
        wanted = SampleFilter(model, sample_class, text, order)
        try:
            file = await console.load_history.export(run_id, kind, wanted)
        except NotFoundError:
            return PlainTextResponse("There is no such load test.", 404, headers=_HEADERS)
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, headers=headers, media_type=file.media_type)

    return api
