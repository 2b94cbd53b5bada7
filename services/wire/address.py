"""Addresses: a URL taken apart for one exchange, and the hosts that are never contacted."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from services.wire.types import WireError, WireErrorKind

_PATH_SAFE = "/:@!$&'()*+,;=-._~%"
_QUERY_SAFE = _PATH_SAFE + "?[]"
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
_SENT_AS_IT_IS = r"[A-Za-z0-9/:@!$&'()*+,;=._~-]"
_PLAIN = re.compile(
    rf"(https?://[A-Za-z0-9.-]+(?::[0-9]+)?)(/{_SENT_AS_IT_IS}*(?:\?{_SENT_AS_IT_IS}+)?)\Z"
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where one exchange goes."""

    is_tls: bool
    host: str  # ASCII name or address without brackets
    port: int
    target: str  # path and query as sent
    authority: str  # the Host header

    @property
    def origin(self) -> tuple[bool, str, int]:
        """What connections are shared by."""
        return self.is_tls, self.host, self.port


def parse_address(url: str) -> Address:
    """Return the parts of an http or https URL; raise WireError(BAD_REQUEST) without quoting it."""
    found = _PLAIN.match(url)
    if found is None:
        return _parsed(url)
    at = _parsed(found[1])  # the origin is the same for thousands of messages, the rest never
    return Address(at.is_tls, at.host, at.port, found[2], at.authority)


@lru_cache(maxsize=512)
def _parsed(url: str) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except ValueError:
        raise _bad("the address is not a URL") from None
    if parts.scheme not in _PORTS:
        raise _bad("the address must begin with http:// or https://")
    if not host:
        raise _bad("the address names no host")
    if parts.username is not None or parts.password is not None:
        raise _bad("the address must not hold a user name or password")
    target = quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        target += "?" + quote(parts.query, safe=_QUERY_SAFE)
    shown = f"[{host}]" if ":" in host else host
    default = _PORTS[parts.scheme]
    authority = shown if port in (None, default) else f"{shown}:{port}"
    return Address(parts.scheme == "https", host, port or default, target, authority)


def is_forbidden_ip(text: str) -> bool:
    """Return whether this resolved address is never contacted; loopback and private ones are fine."""
    address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address in _METADATA:
        return True
    if address.is_loopback:
        return False
    return (
        address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address.is_reserved
        or (isinstance(address, ipaddress.IPv4Address) and address.packed[0] == 0)
    )


def is_local_ip(text: str) -> bool:
    """Return whether this resolved address is this machine or a network that is not public."""
    address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    return not address.is_global


def literal_ip(host: str) -> bool:
    """Return whether the host is written as an address, so that no name is looked up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ascii_host(host: str) -> str:
    if host.isascii():
        if any(ch <= " " or ch in '\\"<>^`{|}' for ch in host):
            raise ValueError(host)
        return host
    return host.encode("idna").decode("ascii")


def _bad(detail: str) -> WireError:
    return WireError(WireErrorKind.BAD_REQUEST, detail)
