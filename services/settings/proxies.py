"""Pure: the addresses of callers, and the proxies of TRUSTED_PROXIES that may name them."""

import ipaddress
from collections.abc import Iterable

from services.foundation.errors import InputError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return TRUSTED_PROXIES as networks; raise InputError."""
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise InputError(
            "TRUSTED_PROXIES must hold addresses or networks: {reason}",
            field="TRUSTED_PROXIES",
            reason=str(error),
        ) from None


def to_address(text: str) -> Address | None:
    """Return the address, IPv4 also when written as IPv6, or None."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address
