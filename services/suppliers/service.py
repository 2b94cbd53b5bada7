"""Suppliers: one door to every model API behind the gateway."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from services.foundation.actor import ensure_may_change
from services.foundation.clock import Clock
from services.suppliers.demo import DEMO_MODELS, DemoSupplier
from services.suppliers.openai_chat import OpenAiSupplier
from services.suppliers.openai_raw import complete_raw, stream_raw
from services.suppliers.openai_shape import complete_translated, stream_translated
from services.suppliers.probe import probe_endpoint
from services.suppliers.registry import SUPPLIERS
from services.suppliers.types import (
    Delta,
    ProbeResult,
    ProbeState,
    SupplierCall,
    SupplierError,
)
from services.wire.client import WireClient


class Suppliers:
    """Streams replies, passes raw bodies and probes endpoints; knows no table and no key store.

    A consumer that leaves `stream` early closes it (`contextlib.aclosing`), which closes the socket.
    """

    def __init__(self, clock: Clock, wire: WireClient | None = None) -> None:
        """Build every supplier of the table, once on each client."""
        self._wire = wire or WireClient(clock, repeats_posts=True)
        # A client of its own: no connection to a local address is ever shared with who may not.
        self._public_wire = WireClient(clock, repeats_posts=True, reaches_local=False)
        self._clock = clock
        self._suppliers = {name: make(self._wire, clock) for name, make in SUPPLIERS.items()}
        self._public = {name: make(self._public_wire, clock) for name, make in SUPPLIERS.items()}
        self._public[DemoSupplier.name] = self._demo

    @property
    def demo_pacing_s(self) -> float:
        """Seconds between two pieces of a demo reply; 0 means no waiting at all."""
        return self._demo.pacing_s

    @demo_pacing_s.setter
    def demo_pacing_s(self, seconds: float) -> None:
        self._demo.pacing_s = seconds

    @property
    def wire(self) -> WireClient:
        """The client itself, for the numbers on the diagnostics page."""
        return self._wire

    def stream(self, call: SupplierCall) -> AsyncIterator[Delta]:
        """Yield the reply piece by piece; raise SupplierError in the words of contract 3.4."""
        suppliers = self._suppliers if call.allows_local else self._public
        supplier = suppliers.get(call.protocol)
        return supplier.stream(call) if supplier is not None else _unknown()

    async def complete_openai(self, call: SupplierCall, body: Mapping[str, Any]) -> bytes:
        """Return the `chat.completion` object for an OpenAI-shaped body; raise SupplierError.

        OpenAI-compatible suppliers answer with their own bytes, others are translated.
        """
        if call.protocol == OpenAiSupplier.name:
            return await complete_raw(self._wire_of(call), self._clock, call, body)
        return await complete_translated(self.stream, self._clock, call, body)

    def stream_openai(self, call: SupplierCall, body: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """Yield event bytes in OpenAI's shape for such a body; raise SupplierError."""
        if call.protocol == OpenAiSupplier.name:
            return stream_raw(self._wire_of(call), self._clock, call, body)
        return stream_translated(self.stream, self._clock, call, body)

    async def probe(
        self,
        *,
        base_url: str,
        protocol: str,
        api_key: str,
        timeout_s: float,
        allows_local: bool = False,
    ) -> ProbeResult:
        """Return what a look at the endpoint shows; never raises for the network."""
        ensure_may_change()  # it spends a call with a key
        if protocol == self._demo.name:
            return ProbeResult(ProbeState.ONLINE, 0, models=DEMO_MODELS)
        return await probe_endpoint(
            self._wire if allows_local else self._public_wire,
            self._clock,
            base_url=base_url,
            protocol=protocol,
            api_key=api_key,
            timeout_s=timeout_s,
        )

    async def close(self) -> None:
        """Close the idle connections."""
        self._wire.close()
        self._public_wire.close()

    def _wire_of(self, call: SupplierCall) -> WireClient:
        return self._wire if call.allows_local else self._public_wire

    @property
    def _demo(self) -> DemoSupplier:
        demo = self._suppliers["demo"]
        assert isinstance(demo, DemoSupplier)
        return demo


async def _unknown() -> AsyncIterator[Delta]:
    """Fail where every other failure happens: while the reply is read."""
    raise SupplierError("upstream_error", detail="unknown provider protocol")
    yield Delta()
