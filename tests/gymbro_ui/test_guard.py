"""Host, Origin, CORS, headers and hot routes at the outermost layer."""

from typing import Any

import pytest

from gymbro_ui.guard import Guard, access_rules

OWN = "http://127.0.0.1:9999"


async def answer(name: str, status: int = 200, cookie: bool = False) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        headers = [(b"x-served-by", name.encode())]
        if cookie:
            headers.append((b"set-cookie", b"a=b"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return app


async def call(
    path: str,
    *,
    method: str = "GET",
    kind: str = "http",
    cors: tuple[str, ...] = ("*",),
    **headers: str,
) -> tuple[dict[str, Any], dict[str, str]]:
    rules = access_rules(OWN, "127.0.0.1", 9999, cors)
    guard = Guard(
        await answer("app", cookie=True),
        rules,
        [
            ("POST", "/api/v1/messages", await answer("post")),
            ("GET", "/api/v1/messages/{message_id}/events", await answer("events")),
        ],
    )
    given = {"host": "127.0.0.1:9999", **{k.replace("_", "-"): v for k, v in headers.items()}}
    scope: dict[str, Any] = {
        "type": kind,
        "method": method,
        "path": path,
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    await guard(scope, receive, send)
    start = sent[0]
    told = {k.decode().lower(): v.decode() for k, v in start.get("headers", [])}
    return start, told


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:9999", "", "[::2]:9999"])
@pytest.mark.parametrize("path", ["/", "/api/v1/healthz", "/_nicegui_ws/socket.io/"])
async def test_a_foreign_host_is_refused_everywhere(host: str, path: str) -> None:
    start, _ = await call(path, host=host)
    assert start["status"] == 400


@pytest.mark.parametrize("host", ["127.0.0.1:9999", "localhost:9999", "LOCALHOST", "[::1]:9999"])
async def test_our_own_names_are_served(host: str) -> None:
    start, headers = await call("/", host=host)
    assert start["status"] == 200
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9998"])
async def test_a_foreign_origin_cannot_open_the_socket_or_post_to_a_page(origin: str) -> None:
    start, _ = await call("/_nicegui_ws/socket.io/", kind="websocket", origin=origin)
    assert start == {"type": "websocket.close", "code": 1008}
    for method in ("GET", "POST"):
        start, _ = await call("/_nicegui_ws/socket.io/", method=method, origin=origin)
        assert start["status"] == 403
    start, _ = await call("/e2e", method="POST", origin=origin)
    assert start["status"] == 403


@pytest.mark.parametrize("origin", [OWN, "http://localhost:9999"])
async def test_our_own_origin_opens_the_socket(origin: str) -> None:
    start, _ = await call("/_nicegui_ws/socket.io/", kind="websocket", origin=origin)
    assert start["type"] == "websocket.accept"


async def test_api_calls_of_any_origin_get_cors_without_cookies() -> None:
    start, headers = await call("/api/v1/llm/models", origin="https://app.example")
    assert start["status"] == 200
    assert headers["access-control-allow-origin"] == "*"
    assert "X-Request-Id" in headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in headers
    assert "set-cookie" not in headers
    start, headers = await call(
        "/api/v1/messages",
        method="OPTIONS",
        origin="https://app.example",
        access_control_request_headers="authorization",
    )
    assert start["status"] == 204
    assert headers["access-control-allow-headers"] == "authorization"


async def test_cors_can_be_narrowed() -> None:
    allowed = ("https://app.example",)
    _, headers = await call("/api/v1/x", cors=allowed, origin="https://app.example")
    assert headers["access-control-allow-origin"] == "https://app.example"
    _, headers = await call("/api/v1/x", cors=allowed, origin="https://evil.example")
    assert "access-control-allow-origin" not in headers


async def test_the_request_id_is_kept_made_or_replaced() -> None:
    _, headers = await call("/api/v1/healthz", x_request_id="rid-9")
    assert headers["x-request-id"] == "rid-9"
    _, made = await call("/api/v1/healthz")
    assert len(made["x-request-id"]) == 32
    _, replaced = await call("/api/v1/healthz", x_request_id="x" * 500)
    assert len(replaced["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "served_by"),
    [
        ("POST", "/api/v1/messages", "post"),
        ("POST", "/api/v1/messages/", "post"),
        ("GET", "/api/v1/messages/abc/events", "events"),
        ("GET", "/api/v1/messages/abc/events/", "events"),
        ("GET", "/api/v1/messages", "app"),
        ("POST", "/api/v1/messages/abc/events", "app"),
        ("GET", "/api/v1/messages/a/b/events", "app"),
    ],
)
async def test_hot_routes_are_served_past_the_application(
    method: str, path: str, served_by: str
) -> None:
    _, headers = await call(path, method=method)
    assert headers["x-served-by"] == served_by
