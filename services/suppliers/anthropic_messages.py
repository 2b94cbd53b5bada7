"""Anthropic messages, streamed."""

from collections.abc import AsyncIterator

from services.foundation.clock import Clock
from services.suppliers.exchange import Exchange
from services.suppliers.types import Delta, Dialect, SupplierCall
from services.wire.client import WireClient


class AnthropicSupplier:
    """Endpoints of protocol claude."""

    name = "claude"
    provider = "claude"

    def __init__(self, wire: WireClient, clock: Clock) -> None:
        """Use this client."""
        self._wire = wire
        self._clock = clock

    def stream(self, call: SupplierCall) -> AsyncIterator[Delta]:
        """Yield the reply piece by piece; raise SupplierError."""
        dialect = call.dialect if call.payload is not None else Dialect.ANTHROPIC
        return Exchange(self._wire, self._clock, call, dialect).deltas()
