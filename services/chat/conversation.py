"""One conversation over the wire: POST, events, and every way it can end as a Reply."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

import orjson

from services.chat import rules
from services.chat.endings import (
    DEADLINE,
    IDS_MISSING,
    EndedError,
    create_failed,
    limit_passed,
    not_a_stream,
    stream_failed,
)
from services.chat.listening import Listener, Listening
from services.chat.types import ChatRequest, Outcome, Reply, Timings
from services.foundation.clock import Clock
from services.wire.client import WireClient, WireStream
from services.wire.types import Deadlines, WireError

_log = logging.getLogger(__name__)
DRAIN_S = 0.25  # for the end of the body after the terminal event, so that the socket is kept
ERROR_BODY = 64 * 1024

_COMPLETE = EndedError(Outcome.COMPLETED, "")


class Conversation(Listening):
    """State of one `converse`."""

    _accepted_ms: float | None = None
    _message_id = _conversation_id = ""

    def __init__(
        self, wire: WireClient, clock: Clock, request: ChatRequest, listener: Listener | None
    ) -> None:
        """Keep what is asked; nothing is sent before run()."""
        super().__init__(clock, request, listener)
        self._wire = wire

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
        self._accept(response.status, response.headers, response.body)

    def _post(self) -> tuple[str, str, Mapping[str, str], bytes]:
        request = self._request
        headers = self._headers({"Content-Type": "application/json", "Accept": "application/json"})
        body = orjson.dumps(rules.body_of(request))
        return "POST", messages_url(request.api_base), headers, body

    def _accept(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the answer to the POST; raise EndedError when it is none to go on with."""
        accepted_ms = self._elapsed_ms()
        if not 200 <= status < 300:
            raise self._create_refused(status, headers, body)
        ids = rules.read_ids(body)
        if ids is None:
            kind = headers.get("content-type", "no content type")
            text = rules.clean(f"HTTP {status}, {kind}")
            raise EndedError(Outcome.MALFORMED, IDS_MISSING, text, status=status)
        self._message_id, self._conversation_id = ids
        self._assembler.message_id = ids[0]
        self._accepted_ms = accepted_ms

    def _create_refused(self, status: int, headers: Mapping[str, str], body: bytes) -> EndedError:
        word, text = rules.read_error(body, self._request.access_token)
        return EndedError(
            Outcome.REFUSED,
            word or f"messages_create_failed: HTTP {status}",
            text,
            status=status,
            retry_after_s=self._retry_after(headers),
        )

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
            f"{messages_url(self._request.api_base)}/{quote(self._message_id, safe='')}/events"
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

    # --- ends -------------------------------------------------------------------------------

    def _finish(self, ended: EndedError) -> Reply:
        assembler, terminal = self._assembler, self._assembler.terminal
        secret = self._request.access_token
        reply = Reply(
            ended.outcome,
            self._request.request_id,
            self._message_id,
            self._conversation_id,
            status=ended.status,
            error=ended.error,
            error_text=rules.clean(ended.text, secret),
            retry_after_s=ended.retry_after_s,
            timings=Timings(
                self._accepted_ms,
                assembler.first_event_ms,
                assembler.first_delta_ms,
                self._elapsed_ms() if terminal is None else terminal.at_ms,
            ),
            bytes_received=self._bytes,
            gaps_ms=tuple(self._gaps),
        )
        return assembler.reply(reply, secret)

    def _waited(self) -> str:
        what = "no event" if self._assembler.first_event_ms is None else "no end"
        return f"{what} after {self._elapsed_ms() / 1000:.1f} s, {self._assembler.count} events"

    def _retry_after(self, headers: Mapping[str, str]) -> int | None:
        return rules.read_retry_after(headers.get("retry-after", ""), self._clock.now())

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._request.access_token}",
            "X-Request-Id": self._request.request_id,
            **more,
        }


def messages_url(api_base: str) -> str:
    """Return where messages are posted; the events of one are below it."""
    return f"{api_base}/messages"
