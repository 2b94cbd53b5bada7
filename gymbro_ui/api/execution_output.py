"""/executions/{id}/output.txt: all a run said, as a file for the person at the page."""

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from services.executions.types import Execution
from services.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from services.console import Console

Key = Annotated[str, Path(pattern=r"^(exe_[0-9A-Za-z]{1,36}|[0-9]{1,18})$")]
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def router(console: "Console") -> APIRouter:
    """Return the route the run's page leads to; like the pages it asks for no token."""
    api = APIRouter(include_in_schema=False)

    @api.get("/executions/{execution_id}/output.txt")
    async def download(execution_id: Key) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the whole output as a text file."""
        try:
            one = await console.executions.get(execution_id)
        except NotFoundError:
            return PlainTextResponse("There is no such run.", 404, headers=_HEADERS)
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{file_name(one)}"'}
        said = _bytes(console.executions.whole_output(one))
        return StreamingResponse(said, media_type="text/plain; charset=utf-8", headers=headers)

    return api


def file_name(one: Execution) -> str:
    """Return a name any system takes, e.g. `agent_test-exe_1a2b.txt`."""
    return f"{_ODD.sub('_', one.execution_type)[:40]}-{_ODD.sub('_', one.execution_id)[:40]}.txt"


async def _bytes(texts: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for text in texts:
        yield text.encode("utf-8", "replace")
