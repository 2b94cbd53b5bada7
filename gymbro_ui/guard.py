"""Guard: the outermost ASGI layer; who may call, what every answer carries, which route is hot."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from gymbro_ui.gate import Doorway
from gymbro_ui.page_headers import PageSender
from services.foundation.ids import new_hex

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
HotRoute = tuple[str, str, AsgiApp]  # method, path with {name} parts, endpoint

API_PREFIXES = ("/api/v1/", "/auth/v1/", "/v1/", "/functions/v1/")
_HOST = re.compile(r"[a-z0-9._:\[\]-]{1,255}")
_REQUEST_ID = re.compile(r"[\x20-\x7e]{1,200}")
_API_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_CORS_EXPOSED = b"X-Request-Id, Retry-After, X-Total-Count, X-Supabase-Api-Version, x-sb-error-code"


@dataclass(frozen=True)
class AccessRules:
    """Which Host and Origin values are ours."""

    hosts: frozenset[str]  # host names without port, lower case
    origins: frozenset[str]  # scheme://host[:port], lower case
    is_any_address: bool = False  # listens everywhere: the address that was dialled is ours too
    cors_origins: tuple[str, ...] = ("*",)  # for the API paths only


def access_rules(public_url: str, host: str, port: int, cors: tuple[str, ...]) -> AccessRules:
    """Return the rules for a console bound to host and port and known as public_url."""
    public = urlsplit(public_url)
    names = {"127.0.0.1", "localhost", "[::1]", (public.hostname or "").lower()}
    is_any = host in ("0.0.0.0", "::", "")
    if not is_any:
        names.add(f"[{host}]" if ":" in host else host.lower())
    origins = {f"http://{name}:{port}" for name in names if name} | {public_url.lower()}
    known = frozenset(name for name in names if name)
    return AccessRules(known, frozenset(origins), is_any, cors)


def allows_origin(rules: AccessRules) -> Callable[[str | None, Mapping[str, Any]], bool]:
    """Return the same rule as the socket's server asks for it."""

    def allows(origin: str | None, environ: Mapping[str, Any]) -> bool:
        own = str(environ.get("HTTP_HOST", "")).lower() if rules.is_any_address else ""
        given = (origin or "").lower()
        return given in rules.origins or bool(own and given == f"http://{own}")

    return allows


class Guard:
    """Checks Host and Origin, gives every answer its request id and headers, serves hot routes."""

    def __init__(
        self,
        app: AsgiApp,
        rules: AccessRules,
        hot: Sequence[HotRoute] = (),
        gate: Doorway | None = None,
    ) -> None:
        """Wrap the whole application; without a gate every page is open."""
        self._app = app
        self._rules = rules
        self._gate = gate
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
        host = headers.get(b"host", b"")
        if not self._is_our_host(host, scope):
            await _refuse(scope, send, 400, b"This address is not served here.")
            return
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        path: str = scope["path"]
        if path.startswith(API_PREFIXES):
            await self._serve_api(scope, receive, send, headers, origin)
        elif not self._is_our_origin(scope, origin, host):
            await _refuse(scope, send, 403, b"Calls from another site are not accepted.")
        else:
            if scope["type"] == "http":
                send = PageSender(send, host.decode("latin-1"))
            if self._gate is None:
                await self._app(scope, receive, send)
            else:
                await self._gate.serve(self._app, scope, receive, send)

    def _is_our_host(self, value: bytes, scope: Scope) -> bool:
        text = value.decode("latin-1").lower()
        if not _HOST.fullmatch(text):  # it goes into a header of ours
            return False
        name = text if text.endswith("]") else text.rsplit(":", 1)[0]
        if name in self._rules.hosts:
            return True
        # A name could be made to point here; an address is what was dialled.
        return self._rules.is_any_address and _is_address_of(scope, name)

    def _is_our_origin(self, scope: Scope, origin: str, host: bytes) -> bool:
        if not origin:  # not a browser, or a plain navigation
            return True
        if (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and (not scope["path"].startswith("/_nicegui_ws"))
        ):
            return True
        if self._rules.is_any_address and origin == f"http://{host.decode('latin-1').lower()}":
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


def _is_address_of(scope: Scope, name: str) -> bool:
    """Return whether the name is the very address this connection came in on."""
    server = scope.get("server")
    try:
        return bool(server) and ip_address(name.strip("[]")) == _plain(ip_address(str(server[0])))
    except ValueError:
        return False


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address


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
