"""Sixteen kinds of hostile stream: each ends in time, within the limits, with an honest outcome."""

import asyncio
import gzip
import resource
import time
from collections.abc import Awaitable, Callable

import pytest

from services.chat.client import ChatClient
from services.chat.types import Outcome, Reply
from services.foundation.clock import SystemClock
from tests.support.chat import a_request
from tests.support.upstream import FakeUpstream

Write = Callable[[bytes], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = b'event: completed\ndata: {"reply_len":1}\n\n'


async def bomb(write: Write) -> None:
    await write(HEAD.replace(b"Connection", b"Content-Encoding: gzip\r\nConnection"))
    block = gzip.compress(b"0" * (1 << 22))
    while True:
        await write(block)


async def long_line(write: Write) -> None:
    await write(HEAD + b"data: ")
    while True:
        await write(b"x" * 65536)


async def endless(write: Write) -> None:
    await write(HEAD)
    while True:
        await write(b'event: content_delta\ndata: {"delta":"a"}\n\n')
        await asyncio.sleep(0)


async def many_fields(write: Write) -> None:
    await write(HEAD)
    while True:
        await write(b"data: y\n" * 1000)


async def slow(write: Write) -> None:
    await write(HEAD)
    while True:
        for letter in b'event: status\ndata: {"state":"x"}\n\n':
            await write(bytes([letter]))
            await asyncio.sleep(0.05)


async def heartbeat(write: Write) -> None:
    await write(HEAD)
    while True:
        await write(b": ping\n\n")
        await asyncio.sleep(0.05)


async def bad_utf8(write: Write) -> None:
    await write(
        HEAD + b'event: content_delta\ndata: {"seq":1,"delta":"\xff\xfe\xed\xa0\x80 ok"}\n\n' + DONE
    )


async def split_utf8(write: Write) -> None:
    await write(HEAD)
    text = 'event: content_delta\ndata: {"seq":1,"delta":"你好🧪"}\n\n'
    for letter in text.encode() + DONE:
        await write(bytes([letter]))
        await asyncio.sleep(0.001)


async def line_ends(write: Write) -> None:
    await write(HEAD)
    text = (
        '\ufeffevent: content_delta\rdata: {"seq":1,"delta":"a"}\r\r'
        'event: content_delta\r\ndata: {"seq":2,"delta":"c\u2028d\x85f"}\r\n\r\n'
        'id: 1\nretry: 99999999999999\nevent:content_delta\ndata:{"seq":3,\ndata:"delta":"e"}\n\n'
    )
    await write(text.encode() + DONE)


async def no_json(write: Write) -> None:
    bad = (b'{"a":', b"[" * 60_000, b"NaN", b"null", b"\xff")
    await write(
        HEAD + b"".join(b"event: content_delta\ndata: " + raw + b"\n\n" for raw in bad) + DONE
    )


async def html(write: Write) -> None:
    await write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>login</html>  "
    )


async def truncated(write: Write) -> None:
    await write(HEAD + b'event: completed\ndata: {"reply_len":1}\n')


async def big_header(write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\nX: " + b"h" * 5_000_000 + b"\r\n\r\n")


async def many_headers(write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: v\r\n" % n for n in range(100_000)))


async def redirected(write: Write) -> None:
    await write(
        b"HTTP/1.1 302 Found\r\nLocation: /api/v1/messages/x/events\r\nContent-Length: 0\r\n\r\n"
    )


async def no_head(_write: Write) -> None:
    await asyncio.sleep(60)


KINDS: list[tuple[Callable[[Write], Awaitable[None]], Outcome, str]] = [
    (bomb, Outcome.MALFORMED, "sse_stream_malformed"),
    (long_line, Outcome.LIMIT, "sse_limit_exceeded:line"),
    (endless, Outcome.LIMIT, "sse_max_events_exceeded"),
    (many_fields, Outcome.LIMIT, "sse_limit_exceeded:event"),
    (slow, Outcome.DEADLINE, "deadline_exceeded"),
    (heartbeat, Outcome.DEADLINE, "deadline_exceeded"),
    (bad_utf8, Outcome.COMPLETED, ""),
    (split_utf8, Outcome.COMPLETED, ""),
    (line_ends, Outcome.COMPLETED, ""),
    (no_json, Outcome.COMPLETED, ""),
    (html, Outcome.MALFORMED, "not_a_stream"),
    (truncated, Outcome.INCOMPLETE, "sse_stream_incomplete"),
    (big_header, Outcome.LIMIT, "sse_limit_exceeded:reply"),
    (many_headers, Outcome.LIMIT, "sse_limit_exceeded:reply"),
    (redirected, Outcome.STREAM_REFUSED, "sse_connect_failed:302"),
    (no_head, Outcome.DEADLINE, "deadline_exceeded"),
]


async def converse(kind: Callable[[Write], Awaitable[None]]) -> tuple[Reply, float]:
    """Let FakeUpstream take the POST and the hostile server play the events."""
    client = ChatClient(SystemClock())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST"):
                body = b'{"message_id":"m1","conversation_id":"c1"}'
                await write(
                    b"HTTP/1.1 202 A\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
                    % (len(body), body)
                )
            else:
                await asyncio.wait_for(kind(write), 20)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream = FakeUpstream()
    upstream.port = server.sockets[0].getsockname()[1]
    started = time.monotonic()
    try:
        reply = await client.converse(a_request(upstream, total_s=2.0, max_events=300))
        return reply, time.monotonic() - started
    finally:
        assert client.open_count == 0
        client.close()
        server.close()


@pytest.mark.parametrize(
    ("kind", "outcome", "error"), KINDS, ids=[kind[0].__name__ for kind in KINDS]
)
async def test_a_hostile_stream_ends_in_time_with_an_honest_outcome(
    kind: Callable[[Write], Awaitable[None]], outcome: Outcome, error: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reply, took = await converse(kind)
    assert (reply.outcome, reply.error) == (outcome, error)
    assert took < 12  # 2 s, and what a busy machine adds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB


async def test_bad_utf8_is_replaced_and_flagged() -> None:
    reply, _ = await converse(bad_utf8)
    assert reply.text.endswith(" ok")
    assert "\ufffd" in reply.text
    assert "invalid_utf8" in reply.was_flagged


async def test_split_letters_and_all_line_ends_are_read_right() -> None:
    assert (await converse(split_utf8))[0].text == "你好🧪"
    assert (await converse(line_ends))[0].text == "ac\u2028d\x85fe"


async def test_broken_events_are_flagged_and_the_run_goes_on() -> None:
    reply, _ = await converse(no_json)
    assert "bad_json_event" in reply.was_flagged
    assert reply.event_count == 6
