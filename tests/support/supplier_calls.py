"""Supplier calls for tests: defaults plus what the test cares about, and what came back."""

from typing import Any

import pytest

from services.suppliers.service import Suppliers
from services.suppliers.types import Conversation, Delta, SupplierCall, SupplierError
from tests.support.supplier_server import SupplierServer

KEY = "sk-canary-0123456789abcdef"
DONE = "data: [DONE]\n\n"


def call(server: SupplierServer, **values: Any) -> SupplierCall:
    given: dict[str, Any] = {
        "base_url": server.base_url,
        "protocol": "openai",
        "model": "m-1",
        "conversation": Conversation([{"role": "user", "content": "hi"}]),
        "api_key": KEY,
        "timeout_s": 1.0,
        "request_id": "rid-1",
        "allows_local": True,
        **values,
    }
    return SupplierCall(**given)


async def ask(suppliers: Suppliers, wanted: SupplierCall) -> list[Delta]:
    return [delta async for delta in suppliers.stream(wanted)]


async def refusal(suppliers: Suppliers, wanted: SupplierCall) -> SupplierError:
    with pytest.raises(SupplierError) as caught:
        await ask(suppliers, wanted)
    return caught.value


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)
