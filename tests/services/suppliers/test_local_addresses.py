"""Local addresses: no probe and no call goes there before the endpoint's own switch allows it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.foundation.clock import SystemClock
from services.suppliers.service import Suppliers
from services.suppliers.types import SupplierError
from services.wire.types import LOCAL_REFUSED
from tests.support.supplier_calls import DONE, ask, call, refusal
from tests.support.supplier_server import SupplierServer, answer, sse

SPELLINGS = ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]")
BODY = {"model": "x", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def suppliers() -> AsyncIterator[Suppliers]:
    made = Suppliers(SystemClock())
    yield made
    await made.close()


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_this_machine_is_asked_without_leave(
    suppliers: Suppliers, server: SupplierServer, host: str
) -> None:
    server.play(answer(200, '{"data":[{"id":"m"}]}'))
    url = f"http://{host}:{server.port}"
    given = {"base_url": url, "protocol": "openai", "api_key": "sk-12345678", "timeout_s": 1.0}
    refused = await suppliers.probe(**given)  # type: ignore[arg-type]
    assert refused.error == f"upstream_unreachable:{LOCAL_REFUSED}"
    assert server.accepted == 0


async def test_no_call_goes_there_without_leave(
    suppliers: Suppliers, server: SupplierServer
) -> None:
    wanted = call(server, allows_local=False)
    for protocol in ("openai", "claude"):
        error = await refusal(suppliers, replace(wanted, protocol=protocol))
        assert (error.word, error.detail) == ("upstream_unreachable", LOCAL_REFUSED)
        for _ in range(2):
            with pytest.raises(SupplierError, match=LOCAL_REFUSED):
                await suppliers.complete_openai(replace(wanted, protocol=protocol), BODY)
        with pytest.raises(SupplierError, match=LOCAL_REFUSED):
            _ = [one async for one in suppliers.stream_openai(wanted, BODY)]
    assert server.accepted == 0


async def test_an_open_connection_of_an_endpoint_that_may_is_not_used_by_one_that_may_not(
    suppliers: Suppliers, server: SupplierServer
) -> None:
    text = 'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'
    server.play(sse(text + DONE))
    assert await ask(suppliers, call(server))
    error = await refusal(suppliers, call(server, allows_local=False))
    assert error.detail == LOCAL_REFUSED
    assert len(server.requests) == 1
