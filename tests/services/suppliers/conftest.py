"""Fixtures of the supplier tests: a raw server on loopback and the suppliers that call it."""

from collections.abc import AsyncIterator

import pytest

from services.foundation.clock import SystemClock
from services.suppliers.service import Suppliers
from tests.support.supplier_server import SupplierServer


@pytest.fixture
async def server() -> AsyncIterator[SupplierServer]:
    async with SupplierServer() as running:
        yield running


@pytest.fixture
async def suppliers() -> AsyncIterator[Suppliers]:
    built = Suppliers(SystemClock())
    yield built
    await built.close()
