"""Wire calls for tests: short deadlines, and a request that has to fail."""

import pytest

from services.wire.client import WireClient
from services.wire.types import Deadlines, WireError
from tests.support.supplier_server import SupplierServer

QUICK = Deadlines(connect_s=2, first_byte_s=0.3, idle_s=0.3, total_s=0.8)


async def failure(
    client: WireClient, server: SupplierServer, deadlines: Deadlines = QUICK
) -> WireError:
    async def follow() -> None:
        async with client.stream("GET", server.base_url + "/x", deadlines=deadlines) as reply:
            async for _ in reply.chunks():
                pass

    with pytest.raises(WireError) as caught:
        await follow()
    return caught.value
