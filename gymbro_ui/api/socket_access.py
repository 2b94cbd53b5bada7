"""Who opened a socket: its token from query, header or first message, and what a refusal closes with."""

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from gymbro_ui.api.callers import bearer_token, peer_of
from services.accounts.types import Caller, TokenRefusedError, UserType

if TYPE_CHECKING:
    from services.console import Console

REFUSED = 1008  # policy violation: no token, a bad one, not enough rights
FAULT = 1011
BUSY = 1013  # come back, with `since`
FIRST_MESSAGE_S = 10.0  # how long a client without a token may take to send one
MESSAGE_MAX = 65_536  # characters


class SocketRefusedError(Exception):
    """The socket is closed; `code` says how, the text why (never the token)."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def token_of(websocket: WebSocket) -> str:
    """Return the token of an accepted socket; raise SocketRefusedError when none comes in time."""
    token = websocket.query_params.get("token", "").strip() or bearer_token(websocket.headers)
    if token:
        return token
    try:
        text = await asyncio.wait_for(websocket.receive_text(), FIRST_MESSAGE_S)
    except (TimeoutError, KeyError):  # KeyError: the message is not text
        raise SocketRefusedError(REFUSED, "unauthorized") from None
    message = read_message(text)
    token = str(message.get("token") or "").strip()
    if not token:
        raise SocketRefusedError(REFUSED, "unauthorized")
    return token


def read_message(text: str) -> dict[str, Any]:
    """Return a client's message; anything but a small JSON object counts as empty."""
    if len(text) > MESSAGE_MAX:
        return {}
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


async def caller_of_token(console: "Console", websocket: WebSocket, token: str) -> Caller:
    """Return whoever the token belongs to; raise SocketRefusedError 1008 for a bad token."""
    try:
        return console.verifier.cached(token) or await console.verifier.verify(token)
    except TokenRefusedError as error:
        address = console.gateway.address_of(peer_of(websocket.scope), websocket.headers)
        console.gateway.note_refused_token(address)
        raise SocketRefusedError(REFUSED, error.code) from error


async def admin_of_token(console: "Console", websocket: WebSocket, token: str) -> Caller:
    """Return the llm admin the token belongs to; raise SocketRefusedError 1008 otherwise."""
    caller = await caller_of_token(console, websocket, token)
    if not (caller.is_admin or caller.is_operator):
        raise SocketRefusedError(REFUSED, "llm_admin_required")
    return caller


async def permanent_of_token(console: "Console", websocket: WebSocket, token: str) -> Caller:
    """Return the user with an account the token belongs to; raise SocketRefusedError 1008 otherwise."""
    caller = await caller_of_token(console, websocket, token)
    if caller.user_type is UserType.ANONYMOUS:
        raise SocketRefusedError(REFUSED, "anonymous_user_not_allowed")
    return caller


async def close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close an accepted socket; one that is gone already stays gone."""
    try:
        await asyncio.wait_for(websocket.close(code, reason[:120]), 1.0)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return
