"""WS /api/v1/ws/dashboard: the figures at once and at each push interval (contract 10.5)."""

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from gymbro_ui.api import socket_access
from gymbro_ui.api.socket_access import SocketRefusedError, read_message
from gymbro_ui.api.stats import dashboard_data, origins_of
from services.foundation.errors import ConsoleError, InputError
from services.stats.types import Origin, check_window

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
SEND_S = 20.0  # a client that takes no byte for so long is let go
CLIENTS_MAX = 500
PONG = '{"type":"pong"}'


def router(console: "Console") -> APIRouter:
    """Return the socket's route."""
    api = APIRouter(prefix="/api/v1", tags=["stats"])
    clients: set[WebSocket] = set()

    @api.websocket("/ws/dashboard")
    async def dashboard(websocket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        """Follow the figures."""
        await websocket.accept()
        clients.add(websocket)
        try:
            await _serve(console, websocket, len(clients))
        finally:
            clients.discard(websocket)

    return api


async def _serve(console: "Console", websocket: WebSocket, clients: int) -> None:
    """Serve one client until it leaves, is refused or reads nothing."""
    try:
        token = await socket_access.token_of(websocket)
        await socket_access.permanent_of_token(console, websocket, token)
        _check_room(clients)
        await _Session(console, websocket, token).run()
    except WebSocketDisconnect:
        _log.debug("a client of the dashboard left")
    except SocketRefusedError as refused:
        _log.info("a client of the dashboard was let go: %s", refused.reason)
        await socket_access.close(websocket, refused.code, refused.reason)
    except Exception:  # noqa: BLE001  # boundary: a fault of ours closes with 1011
        _log.exception("the socket of a dashboard failed")
        await socket_access.close(websocket, socket_access.FAULT, "internal error")


def _check_room(clients: int) -> None:
    if clients > CLIENTS_MAX:
        raise SocketRefusedError(socket_access.BUSY, "too many clients")


class _Session:
    """One client: a task that sends, one that listens."""

    def __init__(self, console: "Console", websocket: WebSocket, token: str) -> None:
        self._console = console
        self._websocket = websocket
        self._token = token
        self._window, self._origins = _asked(websocket)
        self._hurry = asyncio.Event()  # the interval was changed: the new one counts at once

    async def run(self) -> None:
        end = self._console.settings.changed.subscribe(lambda _: self._hurry.set())
        jobs = [asyncio.ensure_future(job) for job in (self._send(), self._listen())]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            end()
            for job in jobs:
                job.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*jobs, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            self._hurry.clear()
            await self._put(await self._update())
            await self._pause()
            await self._check()

    async def _update(self) -> str:
        console = self._console
        try:
            data = await dashboard_data(console, self._window, self._origins)
        except ConsoleError as error:  # the store is away: say so, the next update may come
            problem = {"type": "error", "message": str(error)}
            return orjson.dumps(problem).decode()
        message: dict[str, Any] = {
            "type": "stats_update",
            "data": data,
            "timestamp": console.clock.now().isoformat(),
            "interval_s": self._interval_s,
        }
        return orjson.dumps(message).decode()

    @property
    def _interval_s(self) -> int:
        return self._console.settings.preferences.websocket_push_interval

    async def _pause(self) -> None:
        """Return when the interval is over; one that is changed meanwhile counts from the last update."""
        clock = self._console.clock
        begun = clock.monotonic()
        while (left_s := begun + self._interval_s - clock.monotonic()) > 0:
            waits = [
                asyncio.ensure_future(self._hurry.wait()),
                asyncio.ensure_future(clock.sleep(left_s)),
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
            self._hurry.clear()

    async def _check(self) -> None:
        """Look whether the account still has its right; an aged token closes nothing."""
        try:
            await socket_access.permanent_of_token(self._console, self._websocket, self._token)
        except SocketRefusedError as refused:
            if refused.reason != "token_expired":
                raise

    async def _listen(self) -> None:
        while True:
            received = await self._websocket.receive()
            if received["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(received.get("code", 1000))
            text = received.get("text") or ""
            message = read_message(text)
            if text == "ping":
                await self._put("pong")
            elif message.get("type") == "ping":
                await self._put(PONG)
            elif message.get("token"):
                token = str(message["token"])
                await socket_access.permanent_of_token(self._console, self._websocket, token)
                self._token = token

    async def _put(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._websocket.send_text(text)
        except TimeoutError:
            raise SocketRefusedError(socket_access.BUSY, "the client does not read") from None
        except RuntimeError:  # starlette: sent after the close
            raise WebSocketDisconnect from None


def _asked(websocket: WebSocket) -> tuple[str, tuple[Origin, ...]]:
    """Return the window and whose traffic was asked for; raise SocketRefusedError."""
    window = websocket.query_params.get("time_window", "24h")
    try:
        return check_window(window), origins_of(websocket.query_params.get("include", ""))
    except (InputError, RequestValidationError):
        raise SocketRefusedError(socket_access.REFUSED, "time_window or include") from None
