"""Unknown paths and wrong methods for programs answer JSON; only people get pages (contract E4)."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match

_PREFIXES = ("/api/v1", "/auth/v1", "/v1", "/functions/v1")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def add_last(app: FastAPI) -> None:
    """Catch what no router knows; must be added after all of them."""

    async def refuse(request: Request) -> JSONResponse:
        allowed = sorted(_methods_of(app, request) - {"HEAD"})
        if allowed:
            return JSONResponse(
                {"detail": "Method Not Allowed"}, 405, headers={"Allow": ", ".join(allowed)}
            )
        return JSONResponse({"detail": "Not Found"}, 404)

    for prefix in _PREFIXES:
        app.add_route(f"{prefix}/{{rest:path}}", refuse, methods=_METHODS, include_in_schema=False)


def _methods_of(app: FastAPI, request: Request) -> set[str]:
    """Return the methods under which the path is served."""
    methods: set[str] = set()
    for route in app.routes:
        matched, _ = route.matches(request.scope)
        if matched is Match.PARTIAL:
            methods |= set(getattr(route, "methods", None) or ())
    return methods
