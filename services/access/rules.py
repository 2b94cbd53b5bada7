"""Pure: how a call came here, which names, passwords and addresses are acceptable, what a token is."""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from services.access.types import Approach, Connection
from services.foundation.errors import InputError
from services.settings.proxies import Address, Network, to_address

TOKEN_PREFIX = "gbc_"
SHOWN_CHARS = 10  # of a token: the prefix and six of its forty characters
PASSWORD_MIN, PASSWORD_MAX = 10, 256
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,39}")
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_FORWARDED = frozenset(
    {b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"cf-connecting-ip", b"true-client-ip"}
)
_HOPS_MAX = 50
# What lists of stolen passwords begin with, as far as ten characters reach.
_COMMON = frozenset(
    [
        "1234567890",
        "12345678910",
        "0123456789",
        "9876543210",
        "0987654321",
        "1111111111",
        "0000000000",
        "1q2w3e4r5t",
        "qwertyuiop",
        "1qaz2wsx3edc",
        "qwerty12345",
        "qwerty123456",
        "password12",
        "password123",
        "password1234",
        "passw0rd123",
        "administrator",
        "admin12345",
        "admin123456",
        "adminadmin",
        "letmein123",
        "iloveyou123",
        "welcome123",
        "welcome1234",
        "changeme123",
        "abcdefghij",
        "abc1234567",
        "a123456789",
        "gymbro1234",
        "gymbroconsole",
        "gymbro-console",
    ]
)


def approach_of(call: Connection, trusted: Iterable[Network], public_url: str) -> Approach:
    """Return how the call came: forwarding headers never make it more trusted, only less.

    A call is local when a loopback address speaks HTTP/1.1 with a loopback name as its Host and
    nothing in it was written by a proxy; proxies that say nothing often speak HTTP/1.0.
    """
    trusted = tuple(trusted)
    peer = to_address(call.peer)
    host = host_name(call.headers.get(b"host", b"").decode("latin-1"))
    is_local = (
        peer is not None
        and peer.is_loopback
        and host in _LOOPBACK_NAMES
        and call.http_version != "1.0"
        and not any(is_forwarding(name) for name in call.headers)
    )
    is_from_proxy = peer is not None and _is_in(peer, trusted)
    proto = call.headers.get(b"x-forwarded-proto", b"").split(b",")[0].strip().lower()
    public = urlsplit(public_url)
    is_secure = (
        call.scheme in ("https", "wss")
        or (is_from_proxy and proto == b"https")
        or (public.scheme == "https" and host == (public.hostname or "").lower())
    )
    return Approach(_caller(call, peer, trusted), is_local=is_local, is_secure=is_secure)


def is_forwarding(name: bytes) -> bool:
    """Return whether a header of that lower-case name is written by proxies."""
    return name.startswith(b"x-forwarded") or name in _FORWARDED


def host_name(value: str) -> str:
    """Return the name in a Host header, without its port, in lower case."""
    text = value.lower()
    return text if text.endswith("]") else text.rsplit(":", 1)[0]


def is_loopback_url(url: str) -> bool:
    """Return whether the address names this machine only."""
    return is_loopback_host(urlsplit(url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Return whether a name or address to listen on is reached from this machine only."""
    address = to_address(host.strip("[]"))
    return host == "localhost" or (address is not None and address.is_loopback)


def read_name(name: str) -> str:
    """Return an account's name in lower case; raise InputError."""
    wanted = name.strip().lower()
    if _NAME.fullmatch(wanted):
        return wanted
    raise InputError(
        "A name has 1 to 40 of a-z, 0-9, dot, dash, underscore or @ and begins with a letter or digit",
        field="name",
    )


def read_password(password: str, name: str = "") -> str:
    """Return the password; raise InputError when it is too short, too long or easily guessed."""
    if len(password) < PASSWORD_MIN:
        raise InputError("At least {n} characters", field="password", n=PASSWORD_MIN)
    if len(password) > PASSWORD_MAX:
        raise InputError("At most {n} characters", field="password", n=PASSWORD_MAX)
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InputError("It holds a character that is none", field="password") from None
    plain = password.lower()
    is_one_character = len(set(plain)) < 3
    if plain in _COMMON or is_one_character or (name and plain.strip("0123456789") == name):
        raise InputError("This password is guessed at once: choose another", field="password")
    return password


def read_title(name: str) -> str:
    """Return a token's name; raise InputError."""
    wanted = " ".join(name.split())
    if 1 <= len(wanted) <= 80 and wanted.isprintable():
        return wanted
    raise InputError("A name of 1 to 80 characters", field="name")


def safe_path(text: str) -> str:
    """Return a path of this console to go to after signing in; `/` for whatever could leave it."""
    is_ours = (
        text.startswith("/")
        and not text.startswith("//")
        and len(text) <= 2_000
        and text.isprintable()
        and "\\" not in text
    )
    if not is_ours or text.split("?", maxsplit=1)[0].rstrip("/") == "/login":
        return "/"
    return text


def digest(secret: str) -> str:
    """Return what is stored of a random secret: its SHA-256, as 64 hex characters."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _is_in(address: Address, found: Iterable[Network]) -> bool:
    return any(network.version == address.version and address in network for network in found)


def _caller(call: Connection, peer: Address | None, trusted: tuple[Network, ...]) -> str:
    """Return who called, going back through the proxies that are trusted; an IPv6 by its /64."""
    if peer is None:
        return call.peer[:64] or "unknown"
    chain = call.headers.get(b"x-forwarded-for", b"") or call.headers.get(b"x-real-ip", b"")
    hops = chain.decode("latin-1")[:2_000].split(",")[-_HOPS_MAX:]
    for text in reversed(hops):
        if not _is_in(peer, trusted):
            break
        nearer = to_address(text.strip())
        if nearer is None:
            break
        peer = nearer
    if peer.version == 4:
        return str(peer)
    return str(ipaddress.ip_network((int(peer), 64), strict=False))
