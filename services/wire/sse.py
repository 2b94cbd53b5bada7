"""Server-sent events split from bytes: CR, LF or CRLF line ends, BOM, split UTF-8, hard limits."""

import re

_DELTAS = re.compile(rb"event: content_delta\ndata: ([^\r\n]*)\n\n")
_DELTA_FRAME = len(b"event: content_delta\ndata: \n\n")
_DELTA, _DELTA_LINE = "content_delta", b"event: content_delta"  # by far the most
_BOM = b"\xef\xbb\xbf"


class SseLimitError(Exception):
    """A limit was passed; `limit` is line, event or events, `events` what was whole before it."""

    def __init__(self, limit: str, events: list[tuple[str, str]]) -> None:
        """Keep the name of the limit and the events of the same feed that came before."""
        super().__init__(limit)
        self.limit = limit
        self.events = events


class SseSplitter:
    """Feed bytes as they arrive, get whole events; an event cut off at the end is never given."""

    def __init__(
        self, *, max_line: int = 64 * 1024, max_event: int = 1 << 20, max_events: int = 4000
    ) -> None:
        """Start at the beginning of a stream; the limits are bytes, bytes and a count."""
        self.count = 0  # events given so far
        self.has_invalid_utf8 = False  # some bytes were replaced with U+FFFD
        self._max_line = max_line
        self._max_event = max_event
        self._max_events = max_events
        self._partial = bytearray()
        self._is_first_line = True
        self._skip_newline = False  # the last feed ended in CR; a leading LF belongs to it
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    @property
    def has_partial(self) -> bool:
        """Whether an unfinished event is held: at the end of a stream it was cut off."""
        return bool(self._partial or self._data)

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """Return the events completed by these bytes as (name, data); raise SseLimitError."""
        if (
            self._is_first_line and data[:1] == b"e" and not self._partial
        ):  # of event: nothing comes before it
            self._is_first_line = False
        if data[-2:] == b"\n\n" and self._is_between_events() and self._is_plain(data):
            return self._feed_whole(data)
        lines = self._normalised(data).split(b"\n")
        events: list[tuple[str, str]] = []
        last = lines.pop()
        for piece in lines:
            line = piece
            if self._partial:
                self._partial += piece
                line = bytes(self._partial)
                self._partial.clear()
            self._take_line(line, events)
        self._partial += last
        if len(self._partial) > self._max_line:
            raise SseLimitError("line", events)
        return events

    def deltas(self, data: bytes) -> list[bytes] | None:
        """Return the data of each event of bytes that are content_delta events and nothing else.

        None: feed them. Whoever takes them adds their number to `count`.
        """
        if not (self._is_between_events() and self._is_plain(data)):
            return None
        found = _DELTAS.findall(data)
        if sum(map(len, found)) + _DELTA_FRAME * len(found) != len(data):
            return None
        return found if self.count + len(found) <= self._max_events else None

    def _is_between_events(self) -> bool:
        held = self._partial or self._data or self._name or self._skip_newline
        return not held and not self._is_first_line

    def _is_plain(self, data: bytes) -> bool:
        return len(data) <= self._max_line and len(data) <= self._max_event and b"\r" not in data

    def _feed_whole(self, data: bytes) -> list[tuple[str, str]]:
        """Take a read that holds whole events only: nearly every one is a name and one line of data."""
        events: list[tuple[str, str]] = []
        for block in data[:-2].split(b"\n\n"):
            name, _newline, rest = block.partition(b"\n")
            if name[:7] == b"event: " and rest[:6] == b"data: " and b"\n" not in rest:
                if self.count >= self._max_events:
                    raise SseLimitError("events", events)
                self.count += 1
                known = _DELTA if name == _DELTA_LINE else self._text(name[7:]) or "message"
                events.append((known, self._text(rest[6:])))
                continue
            for line in block.split(b"\n"):
                self._take_line(line, events)
            self._take_line(b"", events)
        return events

    def _normalised(self, data: bytes) -> bytes:
        if self._skip_newline and data:
            if data[0] == 0x0A:
                data = data[1:]
            self._skip_newline = False
        if b"\r" in data:
            self._skip_newline = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _take_line(self, line: bytes, events: list[tuple[str, str]]) -> None:
        if len(line) > self._max_line:
            raise SseLimitError("line", events)
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(events)
            return
        field, _colon, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if field == b"data":
            self._size += len(value) + 1
            if self._size > self._max_event:
                raise SseLimitError("event", events)
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")

    def _dispatch(self, events: list[tuple[str, str]]) -> None:
        data, name = self._data, self._name
        self._name = ""
        if not data:
            return
        self._data, self._size = [], 0
        if self.count >= self._max_events:
            raise SseLimitError("events", events)
        self.count += 1
        text = self._text(data[0] if len(data) == 1 else b"\n".join(data))
        events.append((name or "message", text))

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.has_invalid_utf8 = True
            return raw.decode("utf-8", "replace")
