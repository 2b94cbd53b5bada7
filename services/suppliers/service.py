"""Suppliers: one door to every model API behind the gateway."""

from collections.abc import AsyncIterator

from services.foundation.clock import Clock
from services.suppliers.demo import DEMO_MODELS, DemoSupplier
from services.suppliers.exchange import deadlines_of
from services.suppliers.failures import from_wire
from services.suppliers.probe import probe_endpoint
from services.suppliers.registry import SUPPLIERS
from services.suppliers.requests import dialect_url, request_headers
from services.suppliers.types import (
    Delta,
    Dialect,
    ProbeResult,
    ProbeState,
    SupplierCall,
    SupplierError,
)
from services.wire.client import WireClient, WireStream
from services.wire.types import WireError, WireResponse

_RAW_PROTOCOLS = ("openai",)


class Suppliers:
    """Streams replies, passes raw bodies and probes endpoints; knows no table and no key store.

    A consumer that leaves `stream` early closes it (`contextlib.aclosing`), which closes the socket.
    """

    def __init__(self, clock: Clock, wire: WireClient | None = None) -> None:
        """Build every supplier of the table on one client."""
        self._wire = wire or WireClient(clock)
        self._clock = clock
        self._suppliers = {name: make(self._wire, clock) for name, make in SUPPLIERS.items()}

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
        supplier = self._suppliers.get(call.protocol)
        return supplier.stream(call) if supplier is not None else _unknown()

    def can_pass_raw(self, protocol: str) -> bool:
        """Return whether an OpenAI-shaped body may be passed on as it is."""
        return protocol in _RAW_PROTOCOLS

    async def complete_raw(self, call: SupplierCall, body: bytes) -> WireResponse:
        """Return the supplier's own answer, whatever its status, to this chat-completions body.

        Raises SupplierError only when there is no answer at all. The key never comes back.
        """
        url, headers = self._raw_request(call)
        try:
            answer = await self._wire.request(
                "POST", url, headers, body, deadlines_of(call.timeout_s)
            )
        except WireError as error:
            raise from_wire(error) from None
        key = call.api_key.encode()
        if len(key) >= 8 and key in answer.body:
            return WireResponse(answer.status, answer.headers, answer.body.replace(key, b"***"))
        return answer

    def stream_raw(self, call: SupplierCall, body: bytes) -> WireStream:
        """Return the exchange to enter; its chunks are the supplier's own event bytes."""
        url, headers = self._raw_request(call)
        return self._wire.stream("POST", url, headers, body, deadlines_of(call.timeout_s))

    async def probe(
        self, *, base_url: str, protocol: str, api_key: str, timeout_s: float
    ) -> ProbeResult:
        """Return what a look at the endpoint shows; never raises for the network."""
        if protocol == self._demo.name:
            return ProbeResult(ProbeState.ONLINE, 0, models=DEMO_MODELS)
        return await probe_endpoint(
            self._wire,
            self._clock,
            base_url=base_url,
            protocol=protocol,
            api_key=api_key,
            timeout_s=timeout_s,
        )

    async def close(self) -> None:
        """Close the idle connections."""
        self._wire.close()

    @property
    def _demo(self) -> DemoSupplier:
        demo = self._suppliers["demo"]
        assert isinstance(demo, DemoSupplier)
        return demo

    def _raw_request(self, call: SupplierCall) -> tuple[str, dict[str, str]]:
        url = dialect_url(call.base_url, Dialect.OPENAI_CHAT, call.model)
        return url, request_headers(call.api_key, Dialect.OPENAI_CHAT, call.request_id)


async def _unknown() -> AsyncIterator[Delta]:
    """Fail where every other failure happens: while the reply is read."""
    raise SupplierError("upstream_error", detail="unknown provider protocol")
    yield Delta()
