"""Guard: the outermost ASGI layer; who may call, what every answer carries, which route is hot."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from services.foundation.ids import new_hex

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
HotRoute = tuple[str, str, AsgiApp]  # method, path with {name} parts, endpoint

API_PREFIXES = ("/api/v1/", "/auth/v1/", "/v1/", "/functions/v1/")
_REQUEST_ID = re.compile(r"[\x20-\x7e]{1,200}")
_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_PAGE_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_API_HEADERS = ((b"x-content-type-options", b"nosniff"),)
_CORS_EXPOSED = b"X-Request-Id, Retry-After, X-Total-Count, X-Supabase-Api-Version, x-sb-error-code"


@dataclass(frozen=True)
class AccessRules:
    """Which Host and Origin values are ours."""

    hosts: frozenset[str]  # host names without port, lower case
    origins: frozenset[str]  # scheme://host[:port], lower case
    cors_origins: tuple[str, ...] = ("*",)  # for the API paths only


def access_rules(public_url: str, host: str, port: int, cors: tuple[str, ...]) -> AccessRules:
    """Return the rules for a console bound to host and port and known as public_url."""
    public = urlsplit(public_url)
    names = {"127.0.0.1", "localhost", "[::1]", (public.hostname or "").lower()}
    if host not in ("0.0.0.0", "::", ""):
        names.add(host.lower())
    origins = {f"http://{name}:{port}" for name in names if name} | {public_url.lower()}
    return AccessRules(frozenset(name for name in names if name), frozenset(origins), cors)


class Guard:
    """Checks Host and Origin, gives every answer its request id and headers, serves hot routes."""

    def __init__(self, app: AsgiApp, rules: AccessRules, hot: Sequence[HotRoute] = ()) -> None:
        """Wrap the whole application."""
        self._app = app
        self._rules = rules
        self._exact = {(m, p): endpoint for m, p, endpoint in hot if "{" not in p}
        self._patterns = [
            (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + r"/?$"), endpoint)
            for method, path, endpoint in hot
            if "{" in path
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if not self._is_our_host(headers.get(b"host", b"")):
            await _refuse(scope, send, 400, b"This address is not served here.")
            return
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        path: str = scope["path"]
        if path.startswith(API_PREFIXES):
            await self._serve_api(scope, receive, send, headers, origin)
        elif not self._is_our_origin(scope, origin):
            await _refuse(scope, send, 403, b"Calls from another site are not accepted.")
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, _PAGE_HEADERS))

    def _is_our_host(self, value: bytes) -> bool:
        text = value.decode("latin-1").lower()
        name = text if text.endswith("]") else text.rsplit(":", 1)[0]
        return name in self._rules.hosts

    def _is_our_origin(self, scope: Scope, origin: str) -> bool:
        if not origin:  # not a browser, or a plain navigation
            return True
        if (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and (not scope["path"].startswith("/_nicegui_ws"))
        ):
            return True
        return origin in self._rules.origins

    async def _serve_api(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        origin: str,
    ) -> None:
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_hex()
        scope.setdefault("state", {})["request_id"] = request_id
        extra = [*_API_HEADERS, (b"x-request-id", request_id.encode("latin-1"))]
        if origin:
            extra += self._cors(origin, headers)
        send = _without_cookies(_with_headers(send, extra))
        if scope["method"] == "OPTIONS" and origin:
            await _refuse(scope, send, 204, b"")
            return
        endpoint = self._hot(scope)
        await (endpoint or self._app)(scope, receive, send)

    def _hot(self, scope: Scope) -> AsgiApp | None:
        path: str = scope["path"]
        method: str = scope["method"]
        found = self._exact.get((method, path)) or self._exact.get((method, path.rstrip("/")))
        if found is not None:
            return found
        for wanted, pattern, endpoint in self._patterns:
            if wanted == method and (match := pattern.match(path)):
                scope["path_params"] = match.groupdict()
                return endpoint
        return None

    def _cors(self, origin: str, headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        allowed = self._rules.cors_origins
        if "*" not in allowed and origin not in (item.lower().rstrip("/") for item in allowed):
            return []
        wanted = headers.get(b"access-control-request-headers", b"*")
        return [
            (b"access-control-allow-origin", b"*" if "*" in allowed else origin.encode("latin-1")),
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
            (b"access-control-allow-headers", wanted),
            (b"access-control-expose-headers", _CORS_EXPOSED),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Origin"),
        ]


def _with_headers(send: Send, extra: Iterable[tuple[bytes, bytes]]) -> Send:
    extra = tuple(extra)

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in extra if name not in present),
            ]
        await send(message)

    return sending


def _without_cookies(send: Send) -> Send:
    """Leave out the page session's cookie: programs carry bearer tokens and nothing else."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, value) for name, value in message["headers"] if name != b"set-cookie"
            ]
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, status: int, text: bytes) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")] if text else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
