"""Wire: what one HTTP exchange needs, gives and can fail with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long the steps of one exchange may take, in seconds."""

    connect_s: float = 5.0  # name, socket, TLS; also the wait for a free connection
    first_byte_s: float = 30.0  # request written to response headers complete
    idle_s: float = 30.0  # between two reads of a streamed body
    total_s: float = 60.0  # everything together; no read extends it


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server may send in one exchange."""

    head_bytes: int = 64 * 1024  # status line and headers
    header_count: int = 200
    reply_bytes: int = 8 * 1024 * 1024  # decoded body
    connections_per_origin: int = 1024
    idle_connections_per_origin: int = 256
    keep_idle_s: float = 30.0  # an idle connection older than this is not used again


LOCAL_REFUSED = "local addresses are not allowed for this endpoint"


class WireErrorKind(StrEnum):
    """What went wrong with an exchange."""

    UNREACHABLE = "unreachable"  # no such name, no route, TLS refused
    REFUSED = "refused"  # nobody listens there
    FORBIDDEN = "forbidden"  # an address that is never contacted (link-local, metadata, 0.0.0.0)
    TIMEOUT = "timeout"  # `deadline` says which: connect, first_byte, idle or total
    CUT = "cut"  # the connection ended before the response did, after `received` bytes
    TOO_LARGE = "too_large"  # head, headers, reply
    MALFORMED = "malformed"  # not HTTP/1.1, or compressed although identity was asked for
    BAD_REQUEST = "bad_request"  # the address or a header cannot be sent at all


class WireError(Exception):
    """An exchange failed; the text names neither the address nor a header."""

    def __init__(
        self, kind: WireErrorKind, detail: str = "", *, deadline: str = "", received: int = 0
    ) -> None:
        """Keep the kind, a short English detail, the deadline that passed and the body bytes had."""
        super().__init__(f"{kind.value}: {detail}" if detail else kind.value)
        self.kind = kind
        self.detail = detail
        self.deadline = deadline
        self.received = received


@dataclass(frozen=True, slots=True)
class WireResponse:
    """A whole response; header names are lower case, repeated ones joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Chunk(NamedTuple):
    """The body bytes of one read from the socket and when it happened (monotonic seconds)."""

    data: bytes
    at: float
