"""GET /v1/models and POST /v1/chat/completions: mapped models for any OpenAI client."""

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.datastructures import Headers

from gymbro_ui.api.callers import authenticate, peer_of, refuse_reading_token
from gymbro_ui.api.messages import AsgiApp, ClientGoneError, Receive, Scope, Send, read_body
from gymbro_ui.api.openai_errors import OpenAiError, openai_error, refuse, respond
from gymbro_ui.api.wire_errors import request_id_of
from services.accounts.types import Caller
from services.foundation.actor import act_as
from services.gateway.types import Address, Route
from services.suppliers.types import SupplierCall, SupplierError, Usage

if TYPE_CHECKING:
    from services.console import Console

_STREAM_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
_PEERS_KEPT = 1024
_TAIL_BYTES = 4096  # of a stream: where its usage and its end are found
_COUNTS = re.compile(rb'"(prompt_tokens|completion_tokens|total_tokens)"\s*:\s*(\d{1,12})(?!\d)')


@dataclass(frozen=True, slots=True)
class _Asked:
    """A checked request and where it goes."""

    caller: Caller
    key: str
    body: Mapping[str, Any]
    route: Route
    call: SupplierCall
    began: float


class _Callers:
    """Who calls, in few steps: known tokens and plain addresses are looked up, not worked out."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._plain: dict[str, Address] = {}  # peer without a forwarding header

    async def admit(self, scope: Scope) -> tuple[Caller, Address]:
        """Return caller and address after the guards let them in; raise WireError or GatewayError."""
        console = self._console
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        scheme, _, token = headers.get("authorization", "").partition(" ")
        caller = console.verifier.cached(token) if scheme == "Bearer" else None
        if caller is None:
            caller = await authenticate(console, Headers(scope=scope), peer_of(scope))
        refuse_reading_token(caller, scope["method"])
        address = self._address(peer_of(scope), headers)
        console.gateway.admit(caller, address, headers.get("user-agent", ""))
        act_as(caller.user_id, request_id_of(scope))  # log lines of the answer say for whom
        return caller, address

    def _address(self, peer: str, headers: Mapping[str, str]) -> Address:
        if "x-forwarded-for" in headers or "x-real-ip" in headers:
            return self._console.gateway.address_of(peer, headers)
        known = self._plain.get(peer)
        if known is None:
            if len(self._plain) >= _PEERS_KEPT:
                self._plain.clear()
            known = self._plain[peer] = self._console.gateway.address_of(peer, headers)
        return known


class ChatCompletions:
    """Answers with a supplier's reply, whole or as it arrives; counts it in both cases."""

    def __init__(self, console: "Console") -> None:
        """Answer for this console."""
        self._console = console
        self._callers = _Callers(console)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            asked = await self._ask(scope, receive)
            if asked.body.get("stream") is True:
                await self._stream(asked, receive, send)
            else:
                await respond(send, 200, await self._complete(asked))
        except (ClientGoneError, OSError):
            return
        except Exception as error:  # noqa: BLE001  # boundary: every failure gets OpenAI's shape
            await refuse(send, request_id_of(scope), error)

    async def _ask(self, scope: Scope, receive: Receive) -> _Asked:
        console = self._console
        raw = await read_body(receive)
        caller, address = await self._callers.admit(scope)
        body = _checked(raw)
        key: str = body["model"].strip()
        route = console.gateway.resolve_for(caller, key, address=address)
        endpoint = route.resolution.endpoint
        call = SupplierCall(
            base_url=endpoint.base_url,
            protocol=endpoint.provider_protocol,
            model=route.resolution.model,
            api_key=route.api_key,
            timeout_s=float(endpoint.timeout),
            request_id=request_id_of(scope),
            allows_local=endpoint.allows_local,
        )
        return _Asked(caller, key, body, route, call, console.clock.monotonic())

    async def _complete(self, asked: _Asked) -> bytes:
        try:
            content = await self._console.suppliers.complete_openai(asked.call, asked.body)
        except SupplierError:
            self._record(asked, None, ok=False)
            raise
        self._record(asked, read_usage(content[content.rfind(b'"usage"') :]), ok=True)
        return content

    async def _stream(self, asked: _Asked, receive: Receive, send: Send) -> None:
        console = self._console
        free = None
        if not asked.caller.is_operator:
            free = console.gateway.guards.open_stream(asked.caller, asked.call.request_id)
        serving = asyncio.current_task()
        watch = _Watch(receive, serving)
        watching = console.tasks.start(watch.run(), "v1-watch")
        try:
            await self._forward(asked, send)
        except asyncio.CancelledError:
            if not watch.is_gone or serving is None:
                raise
            serving.uncancel()  # it was only the client that left
        finally:
            watching.cancel()
            if free is not None:
                free()

    async def _forward(self, asked: _Asked, send: Send) -> None:
        """Pass the pieces on; an error after the first one travels inside the stream."""
        tail, has_begun, ok = b"", False, False
        ttft_ms: float | None = None
        console = self._console
        source = console.suppliers.stream_openai(asked.call, asked.body)
        try:
            async with aclosing(cast("Any", source)) as pieces:
                async for piece in pieces:
                    if not has_begun:
                        has_begun = True
                        ttft_ms = (console.clock.monotonic() - asked.began) * 1000
                        await _start_stream(send)
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    tail = (tail + piece)[-_TAIL_BYTES:]
            ok = b"[DONE]" in tail
        except SupplierError as error:
            if not has_begun:
                raise
            last = b"data: " + orjson.dumps(openai_error(error).body) + b"\n\n"
            await send({"type": "http.response.body", "body": last, "more_body": True})
        finally:
            usage = read_usage(tail[tail.rfind(b'"usage"') :])
            self._record(asked, usage, ok=ok, ttft_ms=ttft_ms)
        if not has_begun:
            await _start_stream(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _record(
        self, asked: _Asked, usage: Usage | None, *, ok: bool, ttft_ms: float | None = None
    ) -> None:
        latency_ms = round((self._console.clock.monotonic() - asked.began) * 1000)
        self._console.gateway.record(
            asked.caller,
            asked.key,
            asked.route,
            ok=ok,
            latency_ms=latency_ms,
            usage=usage,
            ttft_ms=ttft_ms,
        )


class ModelList:
    """Answers with the keys that may be asked for."""

    def __init__(self, console: "Console") -> None:
        """Answer for this console."""
        self._console = console
        self._callers = _Callers(console)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._callers.admit(scope)
            rows = [
                {
                    "id": row.name,
                    "object": "model",
                    "created": int(row.updated_at.timestamp()) if row.updated_at else 0,
                    "owned_by": row.provider or "gymbro",
                }
                for row in self._console.mapping.mapped()
            ]
            await respond(send, 200, orjson.dumps({"object": "list", "data": rows}))
        except Exception as error:  # noqa: BLE001  # boundary: every failure gets OpenAI's shape
            await refuse(send, request_id_of(scope), error)


class _Watch:
    """Cancels the serving task when its client hangs up."""

    def __init__(self, receive: Receive, serving: "asyncio.Task[Any] | None") -> None:
        self.is_gone = False
        self._receive = receive
        self._serving = serving

    async def run(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        if self._serving is not None:
            self._serving.cancel()


def routes(console: "Console") -> list[tuple[str, str, AsgiApp]]:
    """Return the hot routes: method, path, ASGI endpoint."""
    return [
        ("POST", "/v1/chat/completions", ChatCompletions(console)),
        ("GET", "/v1/models", ModelList(console)),
    ]


def read_usage(raw: bytes) -> Usage | None:
    """Return the token counts found in these bytes, None when there are none."""
    if not raw.startswith(b'"usage"'):
        return None
    counts = {name: int(value) for name, value in _COUNTS.findall(raw)}
    if not counts:
        return None
    return Usage(
        counts.get(b"prompt_tokens"), counts.get(b"completion_tokens"), counts.get(b"total_tokens")
    )


def _checked(raw: bytes) -> dict[str, Any]:
    """Return the body; raise OpenAiError 400 naming the parameter."""
    try:
        body = orjson.loads(raw)
    except json.JSONDecodeError as error:
        text = f"The body is not valid JSON: {error.msg}"
        raise OpenAiError(400, "invalid_json", text) from None
    if not isinstance(body, dict):
        raise OpenAiError(400, "invalid_body", "The body must be a JSON object")
    checked = cast("dict[str, Any]", body)
    model = checked.get("model")
    if not isinstance(model, str) or not model.strip():
        raise OpenAiError(400, "model_required", "Name a model", param="model")
    messages = checked.get("messages")
    is_list = isinstance(messages, list) and bool(cast("list[Any]", messages))
    if not is_list or not all(isinstance(one, dict) for one in cast("list[Any]", messages)):
        text = "A list of at least one message object is needed"
        raise OpenAiError(400, "messages_required", text, param="messages")
    if not isinstance(checked.get("stream", False), bool | None):
        raise OpenAiError(400, "invalid_stream", "Must be true or false", param="stream")
    return checked


async def _start_stream(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_STREAM_HEADERS)})
