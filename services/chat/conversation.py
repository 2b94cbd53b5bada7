"""One conversation over the wire: POST, events, and every way it can end as a Reply."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from services.chat import rules
from services.chat.assembler import Assembler
from services.chat.endings import (
    DEADLINE,
    IDS_MISSING,
    EndedError,
    create_failed,
    limit_passed,
    not_a_stream,
    stream_failed,
)
from services.chat.types import ChatEvent, ChatRequest, Outcome, Reply, Timings
from services.foundation.clock import Clock
from services.wire.client import WireClient, WireStream
from services.wire.line import WireLine
from services.wire.sse import SseLimitError, SseSplitter
from services.wire.types import Chunk, Deadlines, WireError, WireResponse

_log = logging.getLogger(__name__)
DRAIN_S = 0.25  # for the end of the body after the terminal event, so that the socket is kept
ERROR_BODY = 64 * 1024
_HELD_MAX = 32 * 1024  # of reads that wait to be looked at
_HEARTBEAT = b"event: heartbeat"

_COMPLETE = EndedError(Outcome.COMPLETED, "")

Listener = Callable[[ChatEvent], None]


class Conversation:
    """State of one `converse`."""

    def __init__(
        self, wire: WireClient, clock: Clock, request: ChatRequest, listener: Listener | None
    ) -> None:
        """Keep what is asked; nothing is sent before run()."""
        self._wire = wire
        self._clock = clock
        self._request = request
        self._listener = listener
        self._started = clock.monotonic()
        self._assembler = Assembler(request.request_id, "")
        self._splitter = SseSplitter(max_events=request.max_events)
        self._limit: SseLimitError | None = None
        self._accepted_ms: float | None = None
        self._message_id = self._conversation_id = ""
        self._is_waiting = True  # for the first event
        self._bytes = 0
        self._gaps: list[float] = []
        self._text_at_ms: float | None = None  # of the newest read with events since the first text
        self._held: list[bytes] = []  # reads after the first text, not looked at yet
        self._held_size = 0
        self._was_cut = False  # the newest read ended inside of an event

    async def run(self) -> Reply:
        """Return the reply, whatever the network does."""
        try:
            await self._create()
            await self._follow()
        except EndedError as ended:
            return self._finish(ended)
        except Exception as error:  # noqa: BLE001  # boundary: one cell fails, not its run
            _log.exception("a conversation failed on our side")
            name = type(error).__name__
            return self._finish(EndedError(Outcome.MALFORMED, name, str(error)))
        if self._assembler.terminal is not None:
            return self._finish(_COMPLETE)
        text = f"the stream ended without a terminal event after {self._assembler.count} events"
        return self._finish(EndedError(Outcome.INCOMPLETE, "sse_stream_incomplete", text))

    # --- POST -------------------------------------------------------------------------------

    async def _create(self) -> None:
        request = self._request
        accept_s = min(request.accept_s, request.total_s)
        deadlines = Deadlines(request.connect_s, first_byte_s=accept_s, total_s=accept_s)
        try:
            response = await self._wire.request(*self._post(), deadlines)
        except WireError as error:
            raise create_failed(error, accept_s) from error
        self._accept(response)

    def _post(self) -> tuple[str, str, Mapping[str, str], bytes]:
        request = self._request
        headers = self._headers({"Content-Type": "application/json", "Accept": "application/json"})
        body = orjson.dumps(rules.body_of(request))
        return "POST", f"{request.api_base}/messages", headers, body

    def _accept(self, response: WireResponse) -> None:
        """Take the answer to the POST; raise EndedError when it is none to go on with."""
        accepted_ms = self._elapsed_ms()
        if not 200 <= response.status < 300:
            raise self._create_refused(response)
        self._keep_ids(response)
        self._accepted_ms = accepted_ms

    def _create_refused(self, response: WireResponse) -> EndedError:
        word, text = rules.read_error(response.body, self._request.access_token)
        return EndedError(
            Outcome.REFUSED,
            word or f"messages_create_failed: HTTP {response.status}",
            text,
            status=response.status,
            retry_after_s=self._retry_after(response.headers),
        )

    def _keep_ids(self, response: WireResponse) -> None:
        ids = rules.read_ids(response.body)
        if ids is None:
            kind = response.headers.get("content-type", "no content type")
            raise EndedError(
                Outcome.MALFORMED,
                IDS_MISSING,
                rules.clean(f"HTTP {response.status}, {kind}"),
                status=response.status,
            )
        self._message_id, self._conversation_id = ids
        self._assembler = Assembler(self._request.request_id, self._message_id)

    # --- events -----------------------------------------------------------------------------

    async def _follow(self) -> None:
        request = self._request
        left_s = max(0.0, request.total_s - self._elapsed_ms() / 1000)
        first_s = min(request.first_event_s, left_s)
        if first_s <= 0:
            raise EndedError(Outcome.DEADLINE, DEADLINE, self._waited())
        end_at = asyncio.get_running_loop().time() + left_s
        # until the first event all of it must be within first_s; then until end_at
        deadlines = Deadlines(request.connect_s, first_s, idle_s=left_s + 1, total_s=first_s)
        try:
            async with self._wire.stream(*self._get(), deadlines) as stream:
                await self._check_opening(stream)
                await stream.follow(partial(self._take_read, stream, end_at))
                if self._held:
                    self._look(self._elapsed_ms())
                if self._assembler.terminal is None and self._limit is not None:
                    raise limit_passed(self._limit)
                await stream.drain(DRAIN_S)
        except WireError as error:
            if self._held:
                self._look(self._elapsed_ms())
            if self._assembler.terminal is None:
                raise stream_failed(error, self._waited(), self._bytes) from error

    def _get(self) -> tuple[str, str, Mapping[str, str], bytes]:
        url = (
            f"{self._request.api_base}/messages/{quote(self._message_id, safe='')}/events"
            f"?conversation_id={quote(self._conversation_id, safe='')}"
        )
        return "GET", url, self._headers({"Accept": "text/event-stream"}), b""

    async def _check_opening(self, stream: WireStream) -> None:
        if stream.status != 200:
            raise self._stream_refused(stream.status, stream.headers, await stream.read(ERROR_BODY))
        if (ended := not_a_stream(stream.headers)) is not None:
            raise ended

    def _stream_refused(self, status: int, headers: Mapping[str, str], body: bytes) -> EndedError:
        word, text = rules.read_error(body, self._request.access_token)
        return EndedError(
            Outcome.STREAM_REFUSED,
            f"sse_connect_failed:{status}",
            text if word in ("", text) else f"{word}: {text}",
            status=status,
            retry_after_s=self._retry_after(headers),
        )

    def _take_read(self, stream: WireStream | WireLine, end_at: float, chunk: Chunk) -> bool:
        """Take one read the moment it arrives; return True when nothing more is wanted."""
        self._bytes += len(chunk.data)
        if self._listener is None and self._assembler.first_delta_ms is not None:
            return self._hold(chunk)
        try:
            self._take(self._splitter.feed(chunk.data), chunk)
        except SseLimitError as error:
            self._limit = error
            self._take(error.events, chunk)
            return True
        if self._splitter.has_invalid_utf8:
            self._assembler.flag("invalid_utf8")
        if self._is_waiting and self._assembler.first_event_ms is not None:
            self._is_waiting = False
            stream.extend(end_at)
        return self._assembler.terminal is not None

    def _hold(self, chunk: Chunk) -> bool:
        """Keep a read for later: after the first text only the end needs to be seen at once."""
        data, held = chunk.data, self._held
        at_ms = (chunk.at - self._started) * 1000
        if data[:16] != _HEARTBEAT:
            if self._text_at_ms is not None:
                self._gaps.append(at_ms - self._text_at_ms)
            self._text_at_ms = at_ms
        held.append(data)
        self._held_size += len(data)
        was_cut, self._was_cut = self._was_cut, data[-2:] != b"\n\n"
        may_end = was_cut or self._was_cut or b"completed" in data or b"error" in data
        return (may_end or self._held_size > _HELD_MAX) and self._look(at_ms)

    def _look(self, at_ms: float) -> bool:
        """Look at the reads that were kept; return True when nothing more is wanted."""
        data = b"".join(self._held)
        self._held.clear()
        self._held_size = 0
        try:
            self._assembler.take_all(self._splitter.feed(data), at_ms)
        except SseLimitError as error:
            self._limit = error
            self._assembler.take_all(error.events, at_ms)
        if self._splitter.has_invalid_utf8:
            self._assembler.flag("invalid_utf8")
        return self._limit is not None or self._assembler.terminal is not None

    def _take(self, events: list[tuple[str, str]], chunk: Chunk) -> None:
        at_ms = max(0.0, (chunk.at - self._started) * 1000)
        for name, raw in events:
            event = self._assembler.take(name, raw, at_ms)
            if event is not None and self._listener is not None:
                try:
                    self._listener(event)
                except Exception:  # noqa: BLE001  # boundary: a watcher must not end the conversation
                    _log.exception("a listener of a conversation failed")
        if self._assembler.first_delta_ms is not None and any(e[0] != "heartbeat" for e in events):
            if self._text_at_ms is not None:
                self._gaps.append(at_ms - self._text_at_ms)
            self._text_at_ms = at_ms

    # --- ends -------------------------------------------------------------------------------

    def _finish(self, ended: EndedError) -> Reply:
        assembler = self._assembler
        terminal = assembler.terminal
        known: dict[str, Any] = {
            "outcome": ended.outcome,
            "error": ended.error,
            "error_text": rules.clean(ended.text, self._request.access_token),
            **assembler.fields(self._request.access_token),
        }
        return Reply(
            request_id=self._request.request_id,
            message_id=self._message_id,
            conversation_id=self._conversation_id,
            status=ended.status,
            retry_after_s=ended.retry_after_s,
            timings=Timings(
                accepted_ms=self._accepted_ms,
                first_event_ms=assembler.first_event_ms,
                first_delta_ms=assembler.first_delta_ms,
                total_ms=self._elapsed_ms() if terminal is None else terminal.at_ms,
            ),
            bytes_received=self._bytes,
            gaps_ms=tuple(self._gaps),
            **known,
        )

    def _waited(self) -> str:
        what = "no event" if self._assembler.first_event_ms is None else "no end"
        return f"{what} after {self._elapsed_ms() / 1000:.1f} s, {self._assembler.count} events"

    def _elapsed_ms(self) -> float:
        return (self._clock.monotonic() - self._started) * 1000

    def _retry_after(self, headers: Mapping[str, str]) -> int | None:
        return rules.read_retry_after(headers.get("retry-after", ""), self._clock.now())

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._request.access_token}",
            "X-Request-Id": self._request.request_id,
            **more,
        }
