"""A proxy on loopback that a test can cut, let hang, or make refuse websockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Passes bytes on; `mode` is pass, down or no_websocket."""

    def __init__(self, target_port: int, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.mode = "pass"
        self._flows = asyncio.Event()
        self._flows.set()
        self.websockets = 0  # upgrades that were asked for
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Close every connection that is open now."""
        for writer in list(self._writers):
            writer.transport.abort()

    def down(self) -> None:
        """Cut, and refuse new ones until `up`."""
        self.mode = "down"
        self.cut()

    def up(self) -> None:
        self.mode = "pass"
        self._flows.set()

    def hang(self) -> None:
        """Take what is sent and pass nothing on until `up`, as a sleeping laptop does."""
        self._flows.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._pass(reader, writer)
        self._writers.discard(writer)
        self._tasks.discard(task)
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        is_upgrade = b"upgrade: websocket" in head.lower()
        self.websockets += is_upgrade
        if self.mode == "down":
            return
        if self.mode == "no_websocket" and is_upgrade:
            writer.write(REFUSAL)
            await writer.drain()
            return
        if not is_upgrade:  # one request a connection, so that each one's head is seen
            head = head.replace(b"keep-alive", b"close")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers.add(far_writer)
        far_writer.write(head)
        try:
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        finally:
            self._writers.discard(far_writer)
            far_writer.close()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._flows.wait()
                sink.write(data)
                await sink.drain()
            sink.close()


@asynccontextmanager
async def a_proxy(target_port: int, port: int) -> AsyncGenerator[Proxy]:
    proxy = Proxy(target_port, port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
