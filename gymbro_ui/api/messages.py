"""POST /api/v1/messages and its events: ASGI endpoints that read the body once."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.responses import Response

from gymbro_ui.api import wire_errors
from gymbro_ui.api.callers import authenticate, peer_of, refuse_reading_token
from gymbro_ui.api.message_body import InvalidBodyError, MessageBody, read_message
from gymbro_ui.api.wire_route import BODY_MAX_BYTES, BodyTooLargeError, WireRoute, translate
from services.accounts.types import Caller
from services.foundation.actor import act_as
from services.gateway.types import Address, HiddenMessageError

if TYPE_CHECKING:
    from services.console import Console

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

POST_PATH = "/api/v1/messages"
EVENTS_PATH = "/api/v1/messages/{message_id}/events"
_STREAM_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
)


class ClientGoneError(Exception):
    """The client hung up before its body was complete."""


class PostMessage:
    """Accepts one message: 202 with its ids, or the exact refusal of contract 2.2."""

    def __init__(self, console: "Console") -> None:
        """Answer for this console."""
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request_id = wire_errors.request_id_of(scope)
        headers = Headers(scope=scope)
        gateway = self._console.gateway
        address = gateway.address_of(peer_of(scope), headers)
        try:
            response = await self._answer(scope, receive, headers, address)
        except ClientGoneError:
            return
        except InvalidBodyError as error:
            response = wire_errors.invalid_parameters(request_id, error.errors)
        except Exception as error:  # noqa: BLE001  # boundary: every failure gets its wire shape
            response = translate(request_id, error)
        gateway.note_answer(address, response.status_code)
        await response(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, address: Address
    ) -> Response:
        body = await read_body(receive)
        value = orjson.loads(body) if body else None  # malformed JSON is refused before the token
        caller = await authenticate(self._console, headers, peer_of(scope))
        refuse_reading_token(caller, "POST")
        gateway = self._console.gateway
        gateway.admit(caller, address, headers.get("user-agent", ""))
        message = read_message(value)
        request_id = wire_errors.request_id_of(scope)
        act_as(caller.user_id, request_id)  # log lines of the answer say for whom
        accepted = await gateway.accept(caller, message, request_id, address)
        ids = {"message_id": accepted.message_id, "conversation_id": accepted.conversation_id}
        return wire_errors.answer(request_id, ids, 202)


class MessageEvents:
    """Streams the events of one message to its own caller."""

    def __init__(self, console: "Console") -> None:
        """Answer for this console."""
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one subscription until its terminal event, or until the client is gone."""
        request_id = wire_errors.request_id_of(scope)
        try:
            caller = await self._caller(scope)
            subscription = await self._console.gateway.subscribe(
                caller, scope["path_params"]["message_id"], _conversation_of(scope)
            )
        except HiddenMessageError:
            await wire_errors.hidden(request_id)(scope, receive, send)
            return
        except Exception as error:  # noqa: BLE001  # boundary: every failure gets its wire shape
            await translate(request_id, error)(scope, receive, send)
            return

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            subscription.leave()

        watching = self._console.tasks.start(watch(), "events-watch")
        try:
            await send(_start(request_id))
            async with aclosing(subscription.chunks()) as chunks:
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:  # the client is gone; what it did not get waits for its next subscription
            pass
        finally:
            watching.cancel()
            subscription.close()

    async def _caller(self, scope: Scope) -> Caller:
        return await authenticate(self._console, Headers(scope=scope), peer_of(scope))


class _AsgiResponse(Response):
    """Lets a FastAPI route hand its answer to an ASGI endpoint."""

    def __init__(self, endpoint: AsgiApp) -> None:
        super().__init__()
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint(scope, receive, send)


def routes(console: "Console") -> list[tuple[str, str, AsgiApp]]:
    """Return the hot routes: method, path pattern, ASGI endpoint; a trailing slash is served too."""
    post, events = PostMessage(console), MessageEvents(console)
    return [
        ("POST", POST_PATH, post),
        ("POST", f"{POST_PATH}/", post),
        ("GET", EVENTS_PATH, events),
        ("GET", f"{EVENTS_PATH}/", events),
    ]


def router(console: "Console") -> APIRouter:
    """Return the same routes for the description, for wrong methods, and without the hot table."""
    post, events = PostMessage(console), MessageEvents(console)
    api = APIRouter(tags=["messages"], route_class=WireRoute)
    body_schema = MessageBody.model_json_schema(ref_template="#/components/schemas/{model}")

    async def post_message() -> Response:
        """Accept a message; its events are at /messages/{message_id}/events."""
        return _AsgiResponse(post)

    async def message_events(message_id: str, conversation_id: str = "") -> Response:
        """Follow a message as server-sent events."""
        del message_id, conversation_id  # named for the description; the endpoint reads the scope
        return _AsgiResponse(events)

    refusals: dict[int | str, dict[str, Any]] = {
        status: {"description": text}
        for status, text in {
            401: "token refused",
            403: "not for this user",
            413: "body too large",
            422: "body refused",
            429: "too much",
        }.items()
    }
    api.add_api_route(
        POST_PATH,
        post_message,
        methods=["POST"],
        status_code=202,
        responses=refusals,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": body_schema}},
            }
        },
    )
    api.add_api_route(
        EVENTS_PATH,
        message_events,
        methods=["GET"],
        responses={**refusals, 404: {"description": "no such message of this user"}},
    )
    api.add_api_route(f"{POST_PATH}/", post_message, methods=["POST"], include_in_schema=False)
    api.add_api_route(f"{EVENTS_PATH}/", message_events, methods=["GET"], include_in_schema=False)
    return api


async def read_body(receive: Receive) -> bytes:
    """Return the whole body; raise BodyTooLargeError or ClientGoneError."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > BODY_MAX_BYTES:
            raise BodyTooLargeError
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _conversation_of(scope: Scope) -> str:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=50)
    return query.get("conversation_id", [""])[0]


def _start(request_id: str) -> dict[str, Any]:
    safe = "".join(ch for ch in request_id if " " <= ch <= "~")
    headers = [*_STREAM_HEADERS, (b"x-request-id", safe.encode())]
    return {"type": "http.response.start", "status": 200, "headers": headers}
