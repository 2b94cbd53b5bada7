"""Exchange: one request sent, its events read through the dialect's reader, every end judged."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import orjson

from services.foundation.clock import Clock
from services.suppliers.failures import KeyMask, from_status, from_wire, short_detail
from services.suppliers.json_values import Json
from services.suppliers.readers import Reader, reader_of
from services.suppliers.requests import Outgoing, outgoing
from services.suppliers.types import Delta, Dialect, SupplierCall, SupplierError
from services.wire.client import WireClient, WireStream
from services.wire.sse import SseLimitError, SseSplitter
from services.wire.types import Deadlines, WireError

_CONNECT_S = 10.0
_LONGEST_STREAM_S = 900.0
ERROR_BODY_BYTES = 64 * 1024
_WHOLE_BODY_BYTES = 8 * 1024 * 1024
_MAX_EVENTS = 20_000  # a token an event; the 4000 of the E2E client are its own
_DRAIN_S = 0.25
_DONE = "[DONE]"


@lru_cache(maxsize=64)
def deadlines_of(timeout_s: float) -> Deadlines:
    """Return the deadlines of an endpoint's timeout: it bounds each silence, five of it the whole."""
    total_s = max(timeout_s, min(_LONGEST_STREAM_S, 5 * timeout_s))
    return Deadlines(min(_CONNECT_S, timeout_s), timeout_s, timeout_s, total_s)


@dataclass(slots=True)
class Exchange:
    """One call on its way through the wire."""

    wire: WireClient
    clock: Clock
    call: SupplierCall
    dialect: Dialect

    async def deltas(self) -> AsyncIterator[Delta]:
        """Yield the reply as it arrives; raise SupplierError, never anything about the wire."""
        mask = KeyMask(self.call.api_key)
        try:
            request = outgoing(self.call, self.dialect)
            reader = reader_of(self.dialect, request.tool_names)
            async with self._opened(request) as reply:
                await self._check_status(reply)
                yield Delta(upstream_request_id=_request_id(reply))
                async for delta in self._read(reply, reader):
                    yield _masked(delta, mask, self.call.api_key)
        except WireError as error:
            raise from_wire(error) from None
        except SupplierError as error:
            raise self._cleaned(error) from None
        if rest := mask.flush():
            yield Delta(text=rest)

    def _opened(self, request: Outgoing) -> WireStream:
        deadlines = deadlines_of(self.call.timeout_s)
        return self.wire.stream("POST", request.url, request.headers, request.body, deadlines)

    async def _check_status(self, reply: WireStream) -> None:
        if reply.status == 200:
            return
        body = await reply.read(ERROR_BODY_BYTES)
        raise from_status(
            reply.status, reply.headers, body, key=self.call.api_key, now=self.clock.now()
        )

    async def _read(self, reply: WireStream, reader: Reader) -> AsyncIterator[Delta]:
        kind = reply.headers.get("content-type", "").lower()
        if "html" in kind:
            raise SupplierError("upstream_invalid_response", detail="a web page, not a stream")
        if "json" in kind and "event-stream" not in kind:
            yield _whole(await reply.read(_WHOLE_BODY_BYTES), reader)
        else:
            async for delta in self._events(reply, reader):
                yield delta
        reader.check_end()

    async def _events(self, reply: WireStream, reader: Reader) -> AsyncIterator[Delta]:
        splitter = SseSplitter(max_events=_MAX_EVENTS)
        read_at: float | None = None
        understood = 0
        async for chunk in reply.chunks():
            events, failure = _split(splitter, chunk.data)
            for name, data in events:
                if data.strip() == _DONE:
                    await reply.drain(_DRAIN_S)
                    return
                if (delta := _one(name, data, reader)) is not None:
                    understood += 1
                    yield delta
            if failure is not None:
                raise failure
            read_at = chunk.at if events or read_at is None else read_at
            if chunk.at - read_at > self.call.timeout_s:
                raise SupplierError("upstream_timeout", detail="bytes came, but no event")
        if not reader.is_whole:
            raise _incomplete(understood, splitter)

    def _cleaned(self, error: SupplierError) -> SupplierError:
        return SupplierError(
            error.word,
            status=error.status,
            detail=short_detail(error.detail, self.call.api_key),
            retry_after_s=error.retry_after_s,
        )


def _whole(body: bytes, reader: Reader) -> Delta:
    """Return what an answer without a stream brings."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        raise SupplierError("upstream_invalid_response", detail="not a JSON object")
    return reader.read("message", cast("Json", event))


def _one(name: str, data: str, reader: Reader) -> Delta | None:
    """Return what one event brings; one that is not a JSON object is passed over."""
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict):
        return None
    return replace(reader.read(name, cast("Json", event)), event=name, raw=data)


def _split(
    splitter: SseSplitter, data: bytes
) -> tuple[list[tuple[str, str]], SupplierError | None]:
    try:
        return splitter.feed(data), None
    except SseLimitError as error:
        detail = f"the stream passed the {error.limit} limit"
        return error.events, SupplierError("upstream_invalid_response", detail=detail)


def _incomplete(understood: int, splitter: SseSplitter) -> SupplierError:
    """Return the failure of a stream that closed before the dialect's end."""
    if not understood:
        return SupplierError("upstream_invalid_response", detail="no event that can be understood")
    where = " in the middle of an event" if splitter.has_partial else ""
    return SupplierError("upstream_error", detail=f"the stream ended unfinished{where}")


def _request_id(reply: WireStream) -> str:
    value = reply.headers.get("x-request-id") or reply.headers.get("request-id") or ""
    return value[:128] if value.isascii() and value.isprintable() else ""


def _masked(delta: Delta, mask: KeyMask, key: str) -> Delta:
    text = mask.feed(delta.text) if delta.text else ""
    if delta.finish_reason:
        text += mask.flush()
    raw = delta.raw.replace(key, "***") if key and key in delta.raw else delta.raw
    if text == delta.text and raw is delta.raw:
        return delta
    return replace(delta, text=text, raw=raw)
