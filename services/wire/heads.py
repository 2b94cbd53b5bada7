"""Heads: response heads that come again byte for byte, so that a whole short answer costs no parser.

Only what the parser has read once is known here, and only answers that are whole in one read are
taken; everything else goes to the parser, which decides.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_KNOWN_MOST = 512  # a head with a date in it is new every second
_SIZES_MOST = 4_096
_HEAD_MOST = 2_048  # bytes
_CHUNKED = -1
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,6}\Z")


class KnownHead(NamedTuple):
    """What the parser made of a head."""

    status: int
    headers: dict[str, str]  # shared: only read
    length: int  # of the body, -1: in chunks


class Heads:
    """The heads of one kind of connection, the parser's word on each."""

    __slots__ = ("_known", "_sizes")

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._known: dict[bytes, KnownHead] = {}
        self._sizes: dict[bytes, int] = {}

    def learn(self, first_read: bytes, status: int, headers: dict[str, str]) -> None:
        """Keep the head of a response that was whole and left its connection open."""
        end = first_read.find(b"\r\n\r\n") + 4
        head = first_read[:end]
        if not 4 < end <= _HEAD_MOST or head[:13] != b"HTTP/1.1 %d " % status:
            return  # an interim answer came before it, or the status has no words
        if head.count(b"\n") != head.count(b"\r\n"):
            return  # its end may be another
        length = _length(headers)
        if length is None or status in (204, 304):
            return
        if len(self._known) >= _KNOWN_MOST:
            self._known.clear()
        self._known[head] = KnownHead(status, headers, length)

    def whole(self, data: bytes) -> tuple[KnownHead, bytes] | None:
        """Return head and body of a response that is all of these bytes, None when unsure."""
        end = data.find(b"\r\n\r\n") + 4
        known = self._known.get(data[:end])
        if known is None:
            return None
        if known.length == _CHUNKED:
            body = self._unchunked(data, end)
            return None if body is None else (known, body)
        return (known, data[end:]) if len(data) - end == known.length else None

    def _unchunked(self, data: bytes, at: int) -> bytes | None:
        """Return the body whose chunks fill the bytes to their end, None when they do not."""
        pieces: list[bytes] = []
        find, sizes = data.find, self._sizes
        while True:  # each round is further on, and find ends it
            end = find(b"\r\n", at, at + 8)
            line = data[at:end]
            size = sizes.get(line)
            if size is None and (size := self._size(line)) is None:
                return None
            at = end + 2
            if not size:
                return b"".join(pieces) if data[at:] == b"\r\n" else None
            stop = at + size
            if data[stop : stop + 2] != b"\r\n":
                return None
            pieces.append(data[at:stop])
            at = stop + 2

    def _size(self, line: bytes) -> int | None:
        if _SIZE.match(line) is None:
            return None
        if len(self._sizes) >= _SIZES_MOST:
            self._sizes.clear()
        self._sizes[line] = size = int(line, 16)
        return size


def _length(headers: Mapping[str, str]) -> int | None:
    """Return the length the head says, -1 for chunks, None for a body that ends by closing."""
    coding, declared = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        return _CHUNKED if coding == "chunked" and declared is None else None
    return int(declared) if declared is not None and declared.isdigit() else None
