"""Network: whether this machine itself is offline, so that nobody else is blamed for it."""

import errno
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from services.e2e.parts import E2eParts
from services.foundation.signals import Signal
from services.foundation.steady import Steady

_log = logging.getLogger(__name__)
LOOK_S = 10.0
WAIT_MOST_S = 1800.0  # a check of the schedule waits so long at most
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
# Addresses kept for documentation: whether there is a way to them is a look at the routes.
_ANYWHERE = ("192.0.2.1", "2001:db8::1")


class Network:
    """Looks at the routes of the machine; nothing is sent and no name is asked for."""

    def __init__(self, parts: E2eParts, has_way: Callable[[str], bool] | None = None) -> None:
        """`has_way` says whether the machine has a way to an address."""
        self._parts = parts
        self._has_way = has_way or has_way_to
        self.offline_since: datetime | None = None
        self.waiting_until: datetime | None = None  # a check of the schedule waits until then
        self.changed: Signal[None] = Signal("e2e.network")

    async def run(self) -> None:
        """Look again and again."""
        steady = Steady(_log, "the look at the network")
        while True:
            await steady.turn(self._looked)
            await self._parts.clock.sleep(LOOK_S)

    async def _looked(self) -> None:
        self.look()

    def look(self) -> bool:
        """Return whether the machine is offline and the checks need it not to be."""
        is_offline = self._is_offline()
        if is_offline != (self.offline_since is not None):
            self.offline_since = self._parts.clock.now() if is_offline else None
            _log.warning("this machine is %s", "offline" if is_offline else "online again")
            self.changed.emit(None)
        return is_offline

    async def wait(self) -> bool:
        """Return once the machine is online, or False when it is not within half an hour."""
        clock = self._parts.clock
        end = clock.monotonic() + WAIT_MOST_S
        while self.look():
            left_s = end - clock.monotonic()
            if left_s <= 0:
                self._tell_wait(None)
                return False
            if self.waiting_until is None:
                self._tell_wait(clock.now() + timedelta(seconds=left_s))
            await clock.sleep(min(LOOK_S, left_s))
        self._tell_wait(None)
        return True

    def _tell_wait(self, until: datetime | None) -> None:
        if until != self.waiting_until:
            self.waiting_until = until
            self.changed.emit(None)

    def _is_offline(self) -> bool:
        hosts = list(self._hosts())
        return bool(hosts) and not any(is_local(host) for host in hosts) and not self._is_any(hosts)

    def _is_any(self, hosts: Iterable[str]) -> bool:
        numbers = {host if is_number(host) else "" for host in hosts}
        wanted = [number for number in numbers if number]
        if "" in numbers:
            wanted += _ANYWHERE
        return any(self._has_way(one) for one in wanted)

    def _hosts(self) -> Iterable[str]:
        """Return the hosts the checks need: the service under test, or our suppliers behind it."""
        target = self._parts.targets.current
        if not target.is_self:
            yield urlsplit(target.api_base).hostname or ""
            return
        for endpoint in self._parts.models.endpoints:
            if endpoint.is_active:  # the demo supplier has no address: it is always there
                yield urlsplit(endpoint.base_url).hostname or "localhost"


def is_number(host: str) -> bool:
    """Return whether the host is an address already."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_local(host: str) -> bool:
    """Return whether the host is this machine."""
    if is_number(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def has_way_to(address: str) -> bool:
    """Return whether the machine has a route to an address; connecting a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as error:
        return error.errno not in _NO_WAY
    return True
