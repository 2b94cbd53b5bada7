"""SupplierServer: a raw HTTP server on loopback that plays model suppliers, good and hostile.

    async with SupplierServer() as server:
        server.play(sse("data: [DONE]\\n\\n"))          # what every request gets from now on
        server.play(hostile("bomb"))                   # one of HOSTILE
        server.base_url, server.requests, server.open_connections, server.aborted

A play is a list of steps: bytes are sent, a number is a pause in seconds, RESET and CLOSE end the
socket, HANG waits for the client to leave, a callable makes endless bytes. A socket whose play ends
without CLOSE serves the next request.
"""

import asyncio
import json
import socket
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

RESET, CLOSE, HANG = "reset", "close", "hang"
Step = bytes | float | str | Iterable[bytes]
SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class SupplierServer:
    plays: list[list[Step]] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    open_connections: int = 0
    accepted: int = 0
    aborted: int = 0

    def play(self, *plays: Sequence[Step]) -> None:
        """Play these one request after the other; the last one repeats."""
        self.plays = [list(steps) for steps in plays]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._tasks: set[asyncio.Task[Any]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_connections += 1
        self.accepted += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, OSError):
            self.aborted += 1
        except asyncio.CancelledError:
            pass
        finally:
            self.open_connections -= 1
            self._tasks.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ")
        headers = {
            k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Received(method, path, headers, body))
        for step in self.steps_for(self.requests[-1]):
            if not await self._step(step, reader, writer):
                return False
        return True

    def steps_for(self, received: Received) -> list[Step]:
        """The play of this request."""
        return self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]

    async def _step(
        self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif isinstance(step, int | float):
            await asyncio.sleep(step)
        elif step == HANG:
            await reader.read()
            return False
        elif step in (RESET, CLOSE):
            self._end(writer, is_reset=step == RESET)
            return False
        else:
            assert not isinstance(step, str)
            for piece in step:
                writer.write(piece)
                await writer.drain()
        return True

    @staticmethod
    def _end(writer: asyncio.StreamWriter, *, is_reset: bool) -> None:
        if is_reset:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()


def chunked(*parts: bytes | str, end: bool = True) -> bytes:
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in raw if part)
    return framed + (b"0\r\n\r\n" if end else b"")


def sse(*parts: bytes | str, headers: str = "") -> list[Step]:
    """A stream that ends properly; each part is its own chunk and its own packet."""
    head = SSE_HEAD + headers.encode() + b"Transfer-Encoding: chunked\r\n\r\n"
    return [head, *(chunked(part, end=False) for part in parts), b"0\r\n\r\n"]


def answer(status: int, body: Any, headers: str = "", kind: str = "application/json") -> list[Step]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n{headers}\r\n"
    return [head.encode() + raw]


def chat_chunk(content: str = "", finish: str | None = None, **delta: Any) -> str:
    values = {**({"content": content} if content else {}), **delta}
    choice = {"index": 0, "delta": values, "finish_reason": finish}
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


def chat(*texts: str) -> list[Step]:
    """A good streamed chat completion of these pieces."""
    return sse(*(chat_chunk(text) for text in texts), chat_chunk(finish="stop"), "data: [DONE]\n\n")


def _bomb() -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"0" * (1 << 20)
    for _ in range(300):
        yield packer.compress(zeros)
    yield packer.flush()


def _repeat(piece: bytes, times: int) -> Iterator[bytes]:
    return (piece for _ in range(times))


def hostile(kind: str) -> list[Step]:
    """One of the sixteen hostile streams of the reliability page."""
    closing = SSE_HEAD + b"Connection: close\r\n\r\n"
    one = chat_chunk("a").encode()
    plays: dict[str, list[Step]] = {
        "bomb": [SSE_HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", _bomb(), CLOSE],
        "longline": [closing, b"data: ", _repeat(b"x" * 65536, 4000), CLOSE],
        "endless": [closing, _repeat(one, 10_000_000), CLOSE],
        "manyfields": [closing, _repeat(b"data: y\n" * 1000, 1000), CLOSE],
        "slow": [
            closing,
            *(step for byte in b"data: hello\n\n" * 40 for step in (bytes([byte]), 0.02)),
            CLOSE,
        ],
        "heartbeat": [
            closing,
            *(step for _ in range(200) for step in (b": ping\n\n", 0.02)),
            CLOSE,
        ],
        "badutf8": [closing, b"data: \xff\xfe\xed\xa0\x80 ok\n\ndata: [DONE]\n\n", CLOSE],
        "splitutf8": [
            closing,
            *(
                bytes([byte])
                for byte in chat_chunk("你好🧪", "stop").encode() + b"data: [DONE]\n\n"
            ),
            CLOSE,
        ],
        "crlf": [
            closing,
            "\ufeffdata: a\r\rdata: b\r\n\r\ndata: c\u2028d\x0be\x85f\n\n".encode()
            + b"data:nospace\nid: 1\nretry: 99999999999999\nevent: error\n\ndata: [DONE]\n\n",
            CLOSE,
        ],
        "nojson": [
            closing,
            b'data: {"a":\n\ndata: ' + b"[" * 50_000 + b"\n\ndata: NaN\n\ndata: [DONE]\n\n",
            CLOSE,
        ],
        "html": [
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 18\r\n\r\n<html>login</html>"
        ],
        "trunc": [closing, one, b'data: {"delta":"half', CLOSE],
        "bigheader": [b"HTTP/1.1 200 OK\r\nX: ", _repeat(b"h" * 65536, 80), b"\r\n\r\n", CLOSE],
        "manyheaders": [b"HTTP/1.1 200 OK\r\n", _repeat(b"X-1: v\r\n" * 500, 200), b"\r\n", CLOSE],
        "redirloop": [b"HTTP/1.1 302 Found\r\nLocation: /redirloop\r\nContent-Length: 0\r\n\r\n"],
        "nohead": [HANG],
    }
    return plays[kind]


HOSTILE = [
    "bomb",
    "longline",
    "endless",
    "manyfields",
    "slow",
    "heartbeat",
    "badutf8",
    "splitutf8",
    "crlf",
    "nojson",
    "html",
    "trunc",
    "bigheader",
    "manyheaders",
    "redirloop",
    "nohead",
]
