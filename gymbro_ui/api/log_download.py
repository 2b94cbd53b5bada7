"""/logs/lines.txt, .jsonl and /logs/console.jsonl: lines of the log as a file, for the person at the page."""

from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from gymbro_ui.pages.logs.filters import read_filters
from services.logs.types import LogFilter, LogLevel

if TYPE_CHECKING:
    from services.console import Console

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_TYPES = {"txt": "text/plain; charset=utf-8", "jsonl": "application/x-ndjson"}


def router(console: "Console") -> APIRouter:
    """Return the routes the page leads to; like the pages they ask for no token."""
    api = APIRouter(include_in_schema=False)

    @api.get("/logs/lines.{kind}")
    async def filtered(request: Request, kind: Literal["txt", "jsonl"]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return every line of the files that the filters of the address ask for, oldest first."""
        wanted = read_filters(request.url.query).wanted(console.clock.now())
        return _sent(console, wanted, kind, "lines")

    @api.get("/logs/console.jsonl")
    async def whole() -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return every line of every file in one, oldest first."""
        return _sent(console, LogFilter(LogLevel.INFO), "jsonl", "console")

    return api


def _sent(console: "Console", wanted: LogFilter, kind: str, stem: str) -> Response:
    name = f"{stem}-{console.clock.now():%Y%m%dT%H%M%SZ}.{kind}"
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    # A plain generator is read in a thread, never on the loop.
    content = console.logs.export(wanted, as_text=kind == "txt")
    return StreamingResponse(content, headers=headers, media_type=_TYPES[kind])
