"""Outbox: requests that are sent together at the end of a turn of the loop.

One send after the other finds its server awake; a send now and then wakes it (and, on one machine,
its core) each time, which costs more than the rest of the call.
"""

import asyncio

_MOST = 128  # requests that wait for each other


class Outbox:
    """What is to be written by the connections of one client."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        """Start empty."""
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write the bytes before this turn of the loop is over, unless it is closed before."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._send)
        self._waiting.append((transport, data))
        if len(self._waiting) >= _MOST:
            self._send()

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
