"""Address: what a typed address becomes, which machine it means, and whether that is a local one."""

import asyncio
import socket
from urllib.parse import urlsplit

from services.foundation.errors import InputError
from services.models.rules import normal_base_url
from services.models.types import AddressNote
from services.wire.address import is_forbidden_ip, is_local_ip

LOOK_UP_S = 2.0


async def look_at(base_url: str) -> AddressNote:
    """Return what the address means from here; raise InputError when it can never be used.

    A name nobody knows now is no error: it may be known later. The client resolves again and
    refuses by the same rule when it connects, so a name cannot change its meaning in between.
    """
    normal = normal_base_url(base_url)
    parts = urlsplit(normal)
    host = parts.hostname or ""
    addresses = await _resolved(host, parts.port or (443 if parts.scheme == "https" else 80))
    forbidden = [address for address in addresses if is_forbidden_ip(address)]
    if addresses and len(forbidden) == len(addresses):
        raise InputError(
            "{host} means {address}, which is never contacted",
            field="base_url",
            host=host,
            address=forbidden[0],
        )
    return AddressNote(
        base_url=normal,
        host=host,
        addresses=tuple(addresses),
        is_local=any(is_local_ip(address) for address in addresses),
        is_forbidden=bool(forbidden),
    )


async def _resolved(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOK_UP_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
