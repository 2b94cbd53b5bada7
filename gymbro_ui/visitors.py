"""Visitors: the cookie a browser shows, and who looks at which page."""

from collections.abc import Mapping, MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

from nicegui import Client, context

from services.access.types import Connection, Visitor

COOKIE = "gymbro_session"
# Over https a browser takes this name only with Secure, without Domain: no neighbour can plant it.
SECURE_COOKIE = "__Host-gymbro_session"
_visitors: "WeakKeyDictionary[Client, Visitor]" = WeakKeyDictionary()


def connection_of(scope: MutableMapping[str, Any], headers: Mapping[bytes, bytes]) -> Connection:
    """Return what the access service judges a call by."""
    client = scope.get("client")
    return Connection(
        peer=str(client[0]) if client else "",
        scheme=str(scope.get("scheme", "http")),
        http_version=str(scope.get("http_version", "1.1")),
        headers=headers,
    )


def cookie_name(*, is_secure: bool) -> str:
    """Return the name of the session's cookie on such a connection."""
    return SECURE_COOKIE if is_secure else COOKIE


def secret_of(headers: Mapping[bytes, bytes], *, is_secure: bool) -> str:
    """Return the session's secret from the Cookie header, or an empty text."""
    wanted = cookie_name(is_secure=is_secure)
    for part in headers.get(b"cookie", b"").decode("latin-1")[:16_000].split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""


def session_cookie(secret: str, max_age_s: int, *, is_secure: bool) -> str:
    """Return the Set-Cookie value that keeps the secret; an empty secret takes it away."""
    name, seconds = cookie_name(is_secure=is_secure), max_age_s if secret else 0
    parts = [f"{name}={secret}", "Path=/", "HttpOnly", "SameSite=Strict", f"Max-Age={seconds}"]
    return "; ".join([*parts, "Secure"] if is_secure else parts)


def settle_visitor(client: Client) -> Visitor:
    """Keep and return who the page is built for, as the gate found; this machine without one."""
    found = client.request.scope.get("state", {}).get("visitor")
    visitor = found if isinstance(found, Visitor) else Visitor()
    _visitors[client] = visitor
    return visitor


def present_visitor() -> Visitor:
    """Return who looks at the page whose callback this is."""
    return _visitors.get(context.client, Visitor())


def pages_of(session_ids: frozenset[str]) -> list[Client]:
    """Return the open pages of the sessions."""
    return [client for client, visitor in _visitors.items() if visitor.session_id in session_ids]
