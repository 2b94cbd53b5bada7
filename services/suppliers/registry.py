"""SUPPLIERS: which supplier serves which endpoint protocol."""

from collections.abc import Callable, Mapping

from services.foundation.clock import Clock
from services.suppliers.anthropic_messages import AnthropicSupplier
from services.suppliers.demo import DemoSupplier
from services.suppliers.openai_chat import OpenAiSupplier
from services.suppliers.types import Supplier
from services.wire.client import WireClient

SUPPLIERS: Mapping[str, Callable[[WireClient, Clock], Supplier]] = {
    "openai": OpenAiSupplier,
    "claude": AnthropicSupplier,
    "demo": lambda _wire, clock: DemoSupplier(clock),
}
