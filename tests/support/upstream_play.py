"""How FakeUpstream puts answers and stream steps on the wire."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping

from tests.support.upstream_script import Answer, Beat, Leave, Pause, Raw, Send, Step, Turn, encode

_FOREVER_S = 3600


async def send_answer(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Send a whole answer; return whether the connection lives on."""
    await asyncio.sleep(_FOREVER_S if answer.end == "hang" else answer.delay_s)
    if answer.end == "reset":
        reset(writer)
        return False
    if answer.raw is not None:
        writer.write(answer.raw)
    else:
        body = encode(answer.body)
        head = {"Content-Type": answer.content_type, "Content-Length": str(len(body))}
        _write_head(writer, answer.status, head | dict(answer.headers))
        writer.write(body[: len(body) // 2] if answer.end == "cut" else body)
    await writer.drain()
    return answer.end == "keep"


async def send_stream(turn: Turn, ids: Mapping[str, str], writer: asyncio.StreamWriter) -> bool:
    """Play the turn's steps; return whether the connection lives on."""
    head = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache, no-transform",
        "Transfer-Encoding": "chunked",
    }
    _write_head(writer, 200, head | dict(turn.headers))
    if turn.is_padded:
        await _chunk(writer, b":" + b" " * 2048 + b"\n\n")
    await writer.drain()
    for step in turn.steps:
        if not await _play(step, ids, writer):
            return False
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def reset(writer: asyncio.StreamWriter) -> None:
    """Drop the connection with RST."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _write_head(writer: asyncio.StreamWriter, status: int, head: Mapping[str, str]) -> None:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in head.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())


async def _play(step: Step, ids: Mapping[str, str], writer: asyncio.StreamWriter) -> bool:
    match step:
        case Send(name, data):
            text = json.dumps({**data, **ids}, ensure_ascii=False, separators=(",", ":"))
            await _chunk(writer, f"event: {name}\ndata: {text}\n\n".encode())
        case Pause(seconds):
            await asyncio.sleep(seconds)
        case Raw(content):
            await _chunk(writer, content)
        case Beat():
            await _beat(step, ids, writer)
        case Leave(how):
            await _leave(how, writer)
            return False
    return True


async def _beat(step: Beat, ids: Mapping[str, str], writer: asyncio.StreamWriter) -> None:
    sent = 0
    while step.count is None or sent < step.count:
        await _play(Send("heartbeat", {"ts": sent}), ids, writer)
        await asyncio.sleep(step.every_s)
        sent += 1


async def _leave(how: str, writer: asyncio.StreamWriter) -> None:
    if how == "hang":
        await asyncio.sleep(_FOREVER_S)
    if how == "reset":
        await asyncio.sleep(0.02)  # what was written goes out first
        reset(writer)


async def _chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    if writer.is_closing():
        raise ConnectionResetError
    if content:
        writer.write(b"%x\r\n%b\r\n" % (len(content), content))
    await writer.drain()
