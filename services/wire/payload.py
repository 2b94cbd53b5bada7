"""Pure: the bytes of a request head, built from headers that come again with every message."""

from collections.abc import Mapping
from functools import lru_cache

from services.wire.address import Address
from services.wire.types import WireError, WireErrorKind

_OWN_HEADERS = frozenset(
    ("host", "content-length", "accept-encoding", "connection", "transfer-encoding")
)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
USER_AGENT = "gymbro-console"
_IDENTITY = "Accept-Encoding: identity\r\n"
_AGENT = f"User-Agent: {USER_AGENT}\r\n"


def payload_of(method: str, address: Address, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the bytes of a request; raise WireError(BAD_REQUEST)."""
    if method not in _METHODS:
        raise WireError(WireErrorKind.BAD_REQUEST, "that method is not sent")
    first = f"{method} {address.target} HTTP/1.1\r\n".encode("latin-1")
    has_length = body or method not in ("GET", "DELETE", "OPTIONS")
    length = b"Content-Length: %d\r\n" % len(body) if has_length else b""
    return b"".join((first, stem_of(address.authority, headers), length, b"\r\n", body))


def stem_of(authority: str, headers: Mapping[str, str]) -> bytes:
    """Return a head without its first line, length and end; raise WireError(BAD_REQUEST)."""
    lines = [f"Host: {authority}\r\n{_IDENTITY}"]
    agent = _AGENT
    for name, value in headers.items():
        line = _line(name, value)
        if line[:11].lower() == "user-agent:":
            agent = ""
        lines.append(line)
    lines.append(agent)
    try:
        return "".join(lines).encode("latin-1")
    except UnicodeEncodeError:
        raise WireError(
            WireErrorKind.BAD_REQUEST, "a header holds a letter that cannot be sent"
        ) from None


def header_line(name: str, value: str) -> str:
    """Return one header as it is sent, nothing for those of our own; raise WireError."""
    if name.lower() in _OWN_HEADERS:
        return ""
    line = f"{name}: {value}"
    if "\n" in line or "\r" in line or "\0" in line:
        raise WireError(WireErrorKind.BAD_REQUEST, "a header holds a line break")
    return line + "\r\n"


# tokens and kinds of content come again with every message
_line = lru_cache(maxsize=4_096)(header_line)
