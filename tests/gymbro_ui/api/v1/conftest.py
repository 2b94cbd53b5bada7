"""Fixtures of the /v1 tests: a supplier and the routes over it, both on loopback."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.openai_gateway import OpenAiGateway, openai_gateway
from tests.support.supplier_server import SupplierServer


@pytest.fixture
async def supplier() -> AsyncIterator[SupplierServer]:
    async with SupplierServer() as running:
        yield running


@pytest.fixture
async def gateway(
    database: Database, secrets: Secrets, env: Env, supplier: SupplierServer
) -> AsyncIterator[OpenAiGateway]:
    async with openai_gateway(database, secrets, env) as served:
        await served.add_model("gpt-x", supplier.base_url)
        yield served
