"""Fixtures of the wire tests; every async test runs on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from services.foundation.clock import SystemClock
from services.wire.client import WireClient
from tests.support.supplier_server import SupplierServer


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the console's loop and Python's own, which commands and other machines use."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture
async def server() -> AsyncIterator[SupplierServer]:
    async with SupplierServer() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[WireClient]:
    wire = WireClient(SystemClock())
    yield wire
    wire.close()
