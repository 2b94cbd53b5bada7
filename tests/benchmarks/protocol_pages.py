"""Pages that speak the pages' own protocol and take everything the server sends, without drawing."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import socketio


@asynccontextmanager
async def protocol_pages(url: str, how_many: int) -> AsyncGenerator[None]:
    """Open that many pages of the address and keep them open."""
    clients = [await _protocol_page(url) for _ in range(how_many)]
    try:
        yield
    finally:
        for client in clients:
            await client.disconnect()


async def _protocol_page(url: str) -> socketio.AsyncClient:
    async with httpx.AsyncClient(trust_env=False) as http:
        page = (await http.get(url)).text
    found = re.search(r"client_id\W+([0-9a-f-]{36})", page)
    assert found is not None
    query = f"client_id={found.group(1)}&document_id={uuid4().hex}&tab_id={uuid4().hex}"
    origin = "/".join(url.split("/")[:3])
    client = socketio.AsyncClient()
    await client.connect(
        f"{origin}?{query}&next_message_id=0&implicit_handshake=true",
        socketio_path="/_nicegui_ws/socket.io",
        transports=["websocket"],
    )
    return client
