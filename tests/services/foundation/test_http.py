"""The client everybody builds: what it keeps open, and for how long."""

import asyncio

from services.foundation.http import build_client

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_connection_idle_for_long_is_not_used_again() -> None:
    """A server that closes it after 5 s would lose the call that is sent just then."""
    seen = 0
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        task = asyncio.current_task()
        assert task is not None
        served.append(task)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, build_client() as client:
        await client.get(url)
        await client.get(url)
        assert seen == 1
        await asyncio.sleep(2.2)
        await client.get(url)
        assert seen == 2
    await asyncio.gather(*served)
