"""WS /api/v1/ws/executions: a snapshot, what was missed, then every change (contract 10.5)."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from gymbro_ui.api import socket_access
from gymbro_ui.api.execution_feed import Feed, Frame, Outbox
from gymbro_ui.api.execution_records import snapshot_message
from gymbro_ui.api.socket_access import SocketRefusedError, read_message

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
SNAPSHOT = 50
PING_S = 30.0
SEND_S = 20.0  # a client that takes no byte for so long is let go
CLIENTS_MAX = 500
REPLAY_MAX = 1_000  # executions; who missed more gets the newest of them
PING = '{"type":"ping"}'
PONG = '{"type":"pong"}'


def router(console: "Console") -> APIRouter:
    """Return the socket's route; its feed listens from now on, so that `since` can be served."""
    api = APIRouter(prefix="/api/v1", tags=["executions"])
    feed = Feed()
    console.executions.changed.subscribe(feed.add)

    @api.websocket("/ws/executions")
    async def executions(websocket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        """Follow every execution."""
        await serve(console, feed, websocket)

    return api


async def serve(console: "Console", feed: Feed, websocket: WebSocket) -> None:
    """Serve one client until it leaves, is refused or lags too far behind."""
    await websocket.accept()
    client = websocket.query_params.get("client_id", "")[:100]
    try:
        since = _since(websocket)
        token = await socket_access.token_of(websocket)
        await socket_access.admin_of_token(console, websocket, token)
        _check_room(feed)
        await _Session(console, feed, websocket, token).run(since)
    except WebSocketDisconnect:
        _log.debug("client %r left", client)
    except SocketRefusedError as refused:
        _log.info("client %r: %s", client, refused.reason)
        await socket_access.close(websocket, refused.code, refused.reason)
    except Exception:  # noqa: BLE001  # boundary: a fault of ours closes with 1011
        _log.exception("client %r: the socket failed", client)
        await socket_access.close(websocket, socket_access.FAULT, "internal error")


def _check_room(feed: Feed) -> None:
    if feed.clients >= CLIENTS_MAX:
        raise SocketRefusedError(socket_access.BUSY, "too many clients")


def _since(websocket: WebSocket) -> int | None:
    text = websocket.query_params.get("since", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise SocketRefusedError(socket_access.REFUSED, "since must be a number")
    return int(text)


@asynccontextmanager
async def _patience() -> AsyncGenerator[asyncio.Timeout]:
    """Let a client take SEND_S for a message; raise SocketRefusedError when it does not."""
    try:
        async with asyncio.timeout(SEND_S) as limit:
            yield limit
    except TimeoutError:
        raise SocketRefusedError(socket_access.BUSY, "the client does not read") from None
    except RuntimeError:  # starlette: sent after the close
        raise WebSocketDisconnect from None


class _Session:
    """One client: a task that sends, one that listens, one that pings."""

    def __init__(self, console: "Console", feed: Feed, websocket: WebSocket, token: str) -> None:
        self._console = console
        self._feed = feed
        self._websocket = websocket
        self._token = token
        self._outbox = Outbox()

    async def run(self, since: int | None) -> None:
        self._feed.join(self._outbox)  # first: nothing may fall between the snapshot and the feed
        try:
            await self._greet(since)
            jobs = [
                asyncio.ensure_future(job) for job in (self._send(), self._listen(), self._ping())
            ]
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
                for job in done:
                    job.result()
            finally:
                for job in jobs:
                    job.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.gather(*jobs, return_exceptions=True)
        finally:
            self._feed.leave(self._outbox)

    async def _greet(self, since: int | None) -> None:
        """Send the snapshot and what was missed since."""
        executions = self._console.executions
        seq = await executions.newest_seq()  # first: the snapshot is at least as new
        newest = await executions.newest(SNAPSHOT)
        await self._put(snapshot_message(newest, seq))
        self._outbox.skip(seq)
        if since is None:
            return
        missed = self._feed.since(since)
        if missed is None:  # told before a restart or long ago: the store knows the last states
            found = await executions.changed_since(since, REPLAY_MAX)
            missed = [Frame(one) for one in found if one.seq > since]
        for frame in missed:
            if frame.seq <= seq:
                await self._put(frame.text)

    async def _send(self) -> None:
        while await self._outbox.wait():
            await self._put_all()
        raise SocketRefusedError(socket_access.BUSY, "too far behind: come back with since")

    async def _put_all(self) -> None:
        """Send what waits; the client must take each message in time."""
        loop = asyncio.get_running_loop()
        async with _patience() as limit:
            while (text := self._outbox.take()) is not None:
                limit.reschedule(loop.time() + SEND_S)
                await self._websocket.send_text(text)

    async def _put(self, text: str) -> None:
        async with _patience():
            await self._websocket.send_text(text)

    async def _listen(self) -> None:
        while True:
            received = await self._websocket.receive()
            if received["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(received.get("code", 1000))
            text = received.get("text") or ""
            if text == "ping":
                self._outbox.answer("pong")
                continue
            message = read_message(text)
            if message.get("type") == "ping":
                self._outbox.answer(PONG)
            elif message.get("token"):
                await self._renew(str(message["token"]))

    async def _renew(self, token: str) -> None:
        await socket_access.admin_of_token(self._console, self._websocket, token)
        self._token = token

    async def _ping(self) -> None:
        """Ping, and look whether the account still has its right; an aged token closes nothing."""
        while True:
            await self._console.clock.sleep(PING_S)
            self._outbox.answer(PING)
            try:
                await socket_access.admin_of_token(self._console, self._websocket, self._token)
            except SocketRefusedError as refused:
                if refused.reason != "token_expired":
                    raise
