"""A ChatClient and the FakeUpstream it speaks to."""

from collections.abc import AsyncIterator

import pytest

from services.chat.client import ChatClient
from services.foundation.clock import SystemClock


@pytest.fixture
async def chat() -> AsyncIterator[ChatClient]:
    client = ChatClient(SystemClock())
    yield client
    assert client.open_count == 0
    client.close()
