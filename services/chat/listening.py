"""Listening: the reads of an event stream taken as they come, looked at at once or together."""

import logging
from collections.abc import Callable

from services.chat.assembler import Assembler
from services.chat.types import ChatEvent, ChatRequest
from services.foundation.clock import Clock
from services.wire.client import WireStream
from services.wire.line import WireLine
from services.wire.sse import SseLimitError, SseSplitter
from services.wire.types import Chunk

_log = logging.getLogger(__name__)
_HELD_MAX = 32 * 1024  # of reads that wait to be looked at
_HEARTBEAT = b"event: heartbeat"

Listener = Callable[[ChatEvent], None]


class Listening:
    """What has been heard of one reply."""

    _limit: SseLimitError | None = None
    _is_waiting = True  # for the first event
    _bytes = 0
    _text_at_ms: float | None = None  # of the newest read with events since the first text
    _held_size = 0
    _was_cut = False  # the newest read ended inside of an event
    _left = 0  # bytes of plain reads that the connection keeps

    def __init__(self, clock: Clock, request: ChatRequest, listener: Listener | None) -> None:
        """Start before the first byte; without a listener reads may be looked at together."""
        self._clock = clock
        self._request = request
        self._listener = listener
        self._started = clock.monotonic()
        self._assembler = Assembler(request.request_id, "")
        self._splitter = SseSplitter(max_events=request.max_events)
        self._gaps: list[float] = []
        self._held: list[bytes] = []  # reads after the first text, not looked at yet

    def _take_read(self, stream: WireStream | WireLine, end_at: float, chunk: Chunk) -> bool:
        """Take one read the moment it arrives; return True when nothing more is wanted."""
        self._bytes += len(chunk.data)
        if self._listener is None and self._assembler.first_delta_ms is not None:
            return self._hold(chunk)
        try:
            events = self._splitter.feed(chunk.data)
        except SseLimitError as error:
            self._limit, events = error, error.events
        self._take(events, chunk)
        if self._splitter.has_invalid_utf8:
            self._assembler.flag("invalid_utf8")
        if self._is_waiting and self._assembler.first_event_ms is not None:
            self._is_waiting = False
            stream.extend(end_at)
        return self._limit is not None or self._assembler.terminal is not None

    def _hold(self, chunk: Chunk) -> bool:
        """Keep a read for later: after the first text only the end needs to be seen at once."""
        data, held = chunk.data, self._held
        at_ms = (chunk.at - self._started) * 1000
        if self._left:  # reads whose moments are noted already
            self._left = 0
        elif data[:16] != _HEARTBEAT:
            if self._text_at_ms is not None:
                self._gaps.append(at_ms - self._text_at_ms)
            self._text_at_ms = at_ms
        held.append(data)
        self._held_size += len(data)
        was_cut, self._was_cut = self._was_cut, data[-2:] != b"\n\n"
        may_end = was_cut or self._was_cut or b"completed" in data or b"error" in data
        return (may_end or self._held_size > _HELD_MAX) and self._look(at_ms)

    def _leave(self, data: bytes) -> bool:
        """Return whether a raw read holds whole events in whole chunks and no end: it may wait."""
        if (
            data[-4:] != b"\n\n\r\n"
            or self._was_cut
            or b"\r\n\r\n" in data
            or b"completed" in data
            or b"error" in data
            or _HEARTBEAT in data
            or self._left > _HELD_MAX
        ):
            return False
        at_ms = (self._clock.monotonic() - self._started) * 1000
        if self._text_at_ms is not None:
            self._gaps.append(at_ms - self._text_at_ms)
        self._text_at_ms = at_ms
        self._left += len(data)
        return True

    def _look(self, at_ms: float) -> bool:
        """Look at the reads that were kept; return True when nothing more is wanted."""
        newest = self._held.pop() if len(self._held) > 1 else b""
        for data in (b"".join(self._held), newest):
            self._look_at(data, at_ms)
        self._held.clear()
        self._held_size = 0
        return self._limit is not None or self._assembler.terminal is not None

    def _look_at(self, data: bytes, at_ms: float) -> None:
        if not data or self._limit is not None:
            return
        deltas = self._splitter.deltas(data)
        if deltas is not None and self._assembler.take_deltas(deltas, at_ms):
            self._splitter.count += len(deltas)
            return
        try:
            self._assembler.take_all(self._splitter.feed(data), at_ms)
        except SseLimitError as error:
            self._limit = error
            self._assembler.take_all(error.events, at_ms)
        if self._splitter.has_invalid_utf8:
            self._assembler.flag("invalid_utf8")

    def _take(self, events: list[tuple[str, str]], chunk: Chunk) -> None:
        at_ms = max(0.0, (chunk.at - self._started) * 1000)
        if self._listener is None:
            self._assembler.take_all(events, at_ms)
        else:
            self._tell(self._listener, events, at_ms)
        if self._assembler.first_delta_ms is not None and any(e[0] != "heartbeat" for e in events):
            if self._text_at_ms is not None:
                self._gaps.append(at_ms - self._text_at_ms)
            self._text_at_ms = at_ms

    def _tell(self, listener: Listener, events: list[tuple[str, str]], at_ms: float) -> None:
        for name, raw in events:
            event = self._assembler.take(name, raw, at_ms)
            if event is None:
                continue
            try:
                listener(event)
            except Exception:  # noqa: BLE001  # boundary: a watcher must not end the conversation
                _log.exception("a listener of a conversation failed")

    def _elapsed_ms(self) -> float:
        return (self._clock.monotonic() - self._started) * 1000
