"""QuickConversation: the conversation nobody watches, over one connection and with one waking.

The POST's answer sends the GET, the stream's end ends the wait; who asked is woken once. What is
out of the ordinary goes the way of Conversation, whose words and limits hold here too.
"""

import asyncio
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import quote

import orjson

from services.chat import rules
from services.chat.conversation import DRAIN_S, ERROR_BODY, Conversation, messages_url
from services.chat.endings import (
    EndedError,
    create_failed,
    limit_passed,
    not_a_stream,
    stream_failed,
)
from services.wire.address import Address, parse_address
from services.wire.line import WireLine
from services.wire.payload import header_line, stem_of
from services.wire.types import Chunk, Deadlines, WireError


class _Stems(NamedTuple):
    """What is the same in every request with one token to one server."""

    address: Address  # of the POST
    post: bytes
    get: bytes


@lru_cache(maxsize=4_096)
def _stems(api_base: str, access_token: str) -> _Stems:
    """Return the beginnings of both requests; raise WireError(BAD_REQUEST)."""
    address = parse_address(messages_url(api_base))
    bearer = {"Authorization": f"Bearer {access_token}"}
    post = {**bearer, "Content-Type": "application/json", "Accept": "application/json"}
    get = {**bearer, "Accept": "text/event-stream"}
    first = f"POST {address.target} HTTP/1.1\r\n".encode()
    return _Stems(
        address, first + stem_of(address.authority, post), stem_of(address.authority, get)
    )


@lru_cache(maxsize=256)
def _deadlines(first_s: float, idle_s: float) -> Deadlines:
    return Deadlines(first_byte_s=first_s, idle_s=idle_s, total_s=first_s)


class QuickConversation(Conversation):
    """State of one `converse` without a listener."""

    _ended: EndedError | None = None
    _is_open = _is_done = False
    _refusal: list[bytes] | None = None
    _line: WireLine
    _woken: asyncio.Future[None]

    async def _create(self) -> None:
        """Make both calls; raise EndedError when it ended without a terminal event."""
        request = self._request
        self._accept_s = accept_s = min(request.accept_s, request.total_s)
        try:
            stems = _stems(request.api_base, request.access_token)
            line = self._wire.lend_idle(stems.address)
            if line is None:
                line = await self._wire.lend(stems.address, min(request.connect_s, accept_s))
        except WireError as error:
            raise create_failed(error, accept_s) from error
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._woken = self._loop.create_future()
        try:
            body = orjson.dumps(rules.body_of(request))
            id_line = header_line("X-Request-Id", request.request_id).encode()
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            post = b"".join((stems.post, id_line, length, body))
            line.send(post, _deadlines(accept_s, accept_s), self._on_answer)
            await self._woken
            if not line.is_whole and self._assembler.terminal is not None:
                await line.drain(DRAIN_S)
        except WireError as error:
            raise create_failed(error, accept_s) from error
        finally:
            line.close()
        if self._ended is not None:
            raise self._ended

    async def _follow(self) -> None:
        """Follow the events the usual way where the connection could not be used for them."""
        if not self._is_done:
            await super()._follow()

    # -- called by the connection

    def _on_answer(self) -> None:
        try:
            self._take_answer(self._line)
        except EndedError as ended:
            self._end(ended)
        except Exception as error:  # noqa: BLE001  # boundary: told by who waits
            self._fail(error)

    def _take_answer(self, line: WireLine) -> None:
        if line.error is not None:
            raise create_failed(line.error, self._accept_s) from line.error
        self._accept(line.status, line.headers, line.body)
        request = self._request
        left_s = request.total_s - (self._clock.monotonic() - self._started)
        if left_s <= 0 or request.first_event_s <= 0 or not line.can_send:
            self._wake()  # what follows is rare, and _follow knows how
            return
        end_at = self._loop.time() + left_s
        deadlines = _deadlines(request.first_event_s, request.total_s + 1)
        take = partial(self._take_body, line, end_at)
        line.send(self._get_bytes(), deadlines, self._on_end, take, end_at)

    def _get_bytes(self) -> bytes:
        request = self._request
        stems = _stems(request.api_base, request.access_token)
        id_line = header_line("X-Request-Id", request.request_id).encode()
        return b"GET %b/%b/events?conversation_id=%b HTTP/1.1\r\n%b%b\r\n" % (
            stems.address.target.encode(), _quoted(self._message_id),
            _quoted(self._conversation_id), stems.get, id_line,
        )  # fmt: skip

    def _take_body(self, line: WireLine, end_at: float, chunk: Chunk) -> bool:
        if self._is_open:
            if self._assembler.first_delta_ms is not None:
                line.leave(self._leave)
            return self._take_read(line, end_at, chunk)
        if line.status != 200:
            self._refusal = [*(self._refusal or ()), chunk.data]
            return sum(map(len, self._refusal)) >= ERROR_BODY
        self._ended = not_a_stream(line.headers)
        if self._ended is not None:
            return True
        self._is_open = True
        return self._take_read(line, end_at, chunk)

    def _on_end(self) -> None:
        try:
            self._take_end(self._line)
        except EndedError as ended:
            self._end(ended)
        except Exception as error:  # noqa: BLE001  # boundary: told by who waits
            self._fail(error)

    def _take_end(self, line: WireLine) -> None:
        if line.thrown is not None:
            raise line.thrown
        if line.was_cut_unanswered:
            self._wake()  # a GET may be asked again: _follow does
            return
        if self._held:
            self._look(self._elapsed_ms())
        self._judge_end(line)
        self._is_done = True
        self._wake()

    def _judge_end(self, line: WireLine) -> None:
        """Raise EndedError when the stream did not end as it should."""
        has_terminal = self._assembler.terminal is not None
        if line.status not in (0, 200):
            body = b"".join(self._refusal or ())[:ERROR_BODY]
            raise self._stream_refused(line.status, line.headers, body)
        if self._limit is not None and not has_terminal:
            raise limit_passed(self._limit)
        if line.error is not None and not has_terminal:
            raise stream_failed(line.error, self._waited(), self._bytes) from line.error
        if line.error is None and not self._is_open and self._ended is None:
            self._ended = not_a_stream(line.headers)

    def _end(self, ended: EndedError) -> None:
        self._ended = ended
        self._wake()

    def _fail(self, error: Exception) -> None:
        if not self._woken.done():
            self._woken.set_exception(error)

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)


def _quoted(text: str) -> bytes:
    """Return an id fit for a path."""
    return text.encode() if text.isascii() and text.isalnum() else quote(text, safe="").encode()
