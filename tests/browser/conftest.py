"""One Chromium a module: its start is a third of what a short test costs."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.chromium import shared_chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser belongs to the loop that started it: these tests share their module's."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def _one_browser() -> AsyncGenerator[None]:
    async with shared_chromium():
        yield
