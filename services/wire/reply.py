"""Reply: one response as the parser reports it, within the limits."""

import httptools

from services.wire.heads import Heads
from services.wire.types import Limits, WireError, WireErrorKind

_RAW_PER_BODY = 8  # framing may cost this many times the body limit (one-byte chunks cost six)
_BODILESS = (204, 304)


class Reply:
    """What has arrived of the present response of a connection; reset before each."""

    def __init__(self, limits: Limits, heads: Heads | None = None) -> None:
        """Start before the first byte; connections of the same limits may share their heads."""
        self._limits = limits
        self._heads = heads or Heads()
        self._parser = httptools.HttpResponseParser(self)
        self.reset()

    def reset(self) -> None:
        """Forget the response before."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_head = False
        self.is_done = False
        self.is_tainted = False  # bytes after the end: the socket is never used again
        self.ends_by_closing = False
        self.pieces: list[bytes] = []
        self.received = 0  # body bytes
        self.raw = 0  # bytes with framing and head
        self._raw_seen = 0
        self._keeps_alive = False
        self._head_size = 0
        self._header_count = 0
        self._first = b""  # read

    @property
    def keeps_alive(self) -> bool:
        """Whether the socket may serve another exchange."""
        return (
            self.is_done and not self.is_tainted and not self.ends_by_closing and self._keeps_alive
        )

    def feed(self, data: bytes) -> None:
        """Take one read; raise WireError when a limit is passed or it is not HTTP/1.1."""
        if not self.raw:
            if self._take_whole(data):
                return
            self._first = data
        self.raw += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise WireError(WireErrorKind.MALFORMED, "the server wants another protocol") from None
        except httptools.HttpParserError as error:
            self.is_tainted = True
            if not self.is_done:
                raise _reason(error) from None
        if not self.is_done and (self.raw > self._raw_seen or not self.has_head):
            self._check_raw()

    def _take_whole(self, data: bytes) -> bool:
        """Take a response that is whole in its first read under a head that was parsed before."""
        found = self._heads.whole(data)
        if found is None:
            return False
        known, body = found
        if len(body) > self._limits.reply_bytes:
            return False
        self.raw = len(data)
        self.received = len(body)
        self.status, self.headers = known.status, known.headers
        if body:
            self.pieces.append(body)
        self.has_head = self.is_done = self._keeps_alive = True
        return True

    # --- httptools calls these ---------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header, or one trailer, within the limits."""
        self._header_count += 1
        self._head_size += len(name) + len(value) + 4
        limits = self._limits
        if self._header_count > limits.header_count or self._head_size > limits.head_bytes:
            raise WireError(WireErrorKind.TOO_LARGE, "too many or too long headers")
        if self.has_head:
            return  # a trailer changes nothing
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """Decide how the body ends, and refuse what was not asked for."""
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            if status == 101:
                raise WireError(WireErrorKind.MALFORMED, "the server wants another protocol")
            return
        self.status = status
        headers = self.headers
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise WireError(WireErrorKind.MALFORMED, "the answer is compressed, which nobody asked")
        declared = headers.get("content-length")
        if declared is not None and int(declared) > self._limits.reply_bytes:
            raise WireError(WireErrorKind.TOO_LARGE, "the reply is longer than allowed")
        has_length = declared is not None or "transfer-encoding" in headers
        self.ends_by_closing = not has_length and status not in _BODILESS
        self.has_head = True

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body; pieces of one read are joined when the read ends."""
        self.received += len(body)
        if self.received > self._limits.reply_bytes:
            raise WireError(
                WireErrorKind.TOO_LARGE, "the reply is longer than allowed", received=self.received
            )
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        """Note the end; an interim answer (1xx) is only skipped."""
        if not self.has_head:
            self.headers = {}
            return
        self.is_done = True
        self._keeps_alive = self._parser.should_keep_alive()  # the parser forgets it afterwards
        if self._keeps_alive:
            self._heads.learn(self._first, self.status, self.headers)

    def on_message_begin(self) -> None:
        """Notice a second response after the end of the one that was asked for."""
        if self.is_done:
            self.is_tainted = True
            raise WireError(WireErrorKind.MALFORMED, "the server went on after the end")

    # --- inside -----------------------------------------------------------------------------

    def _check_raw(self) -> None:
        limits = self._limits
        self._raw_seen = limits.head_bytes  # below it nothing of a body can be too much
        if not self.has_head and self.raw > limits.head_bytes:
            raise WireError(WireErrorKind.TOO_LARGE, "the head is longer than allowed")
        if self.raw > limits.head_bytes + _RAW_PER_BODY * limits.reply_bytes:
            raise WireError(WireErrorKind.TOO_LARGE, "the reply's framing is too long")


def _reason(error: httptools.HttpParserError) -> WireError:
    """Return our own error out of a callback, else what the parser says about the bytes."""
    cause = error.__context__
    if isinstance(cause, WireError):
        return cause
    return WireError(WireErrorKind.MALFORMED, "the answer is not HTTP/1.1")
