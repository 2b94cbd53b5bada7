"""The wire client against real sockets: what is sent, what comes back, deadlines, limits."""

import asyncio
import socket
import time

import pytest

from services.wire.types import Deadlines, WireError, WireErrorKind
from tests.support.builders import until
from tests.support.supplier_server import (
    CLOSE,
    HANG,
    RESET,
    SSE_HEAD,
    answer,
    chunked,
    sse,
)
from tests.support.wire_calls import QUICK, failure


async def test_an_answer_comes_back_whole_and_the_request_says_what_it_should(
    server, client
) -> None:
    server.play(answer(201, {"ok": True}, "X-A: 1\r\nx-a: 2\r\n"))
    response = await client.request("POST", server.base_url + "/a b?c=ü", {"X-Key": "k"}, b"{}")
    assert (response.status, response.body) == (201, b'{"ok": true}')
    assert response.headers["x-a"] == "1, 2"
    got = server.requests[0]
    assert (got.method, got.path, got.body) == ("POST", "/a%20b?c=%C3%BC", b"{}")
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["host"] == f"127.0.0.1:{server.port}"
    assert got.headers["user-agent"] == "gymbro-console"


async def test_every_read_is_one_chunk_with_one_growing_time_stamp(server, client) -> None:
    server.play(
        [
            SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
            0.03,
            chunked("ab", "c", end=False),
            0.03,
            chunked("d"),
        ]
    )
    async with client.stream("GET", server.base_url) as reply:
        assert reply.status == 200
        chunks = [chunk async for chunk in reply.chunks()]
    assert [chunk.data for chunk in chunks] == [b"abc", b"d"]
    assert 0.02 < chunks[1].at - chunks[0].at < 1
    assert client.idle_count == 1


async def test_a_slow_reader_holds_the_server_back_instead_of_filling_memory(
    server, client
) -> None:
    sent = 0

    def pieces():
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"x" * 65536

    server.play([b"HTTP/1.1 200 OK\r\nContent-Length: 6553600\r\n\r\n", pieces()])
    async with client.stream("GET", server.base_url) as reply:
        chunks = reply.chunks()
        total = len((await anext(chunks)).data)
        await asyncio.sleep(0.2)
        assert sent < 90  # the rest waits in the server, behind the kernel's buffers
        async for chunk in chunks:
            total += len(chunk.data)
    assert total == 6553600


@pytest.mark.parametrize(
    ("play", "kind", "received"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", CLOSE], WireErrorKind.CUT, 4),
        (
            [
                SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                chunked("abc", end=False),
                0.05,
                RESET,
            ],
            WireErrorKind.CUT,
            3,
        ),
        (
            [SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", HANG],
            WireErrorKind.MALFORMED,
            0,
        ),
        ([b"\x00\x01\x02\r\n\r\n", HANG], WireErrorKind.MALFORMED, 0),
        (
            [b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", HANG],
            WireErrorKind.MALFORMED,
            0,
        ),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", HANG],
            WireErrorKind.TOO_LARGE,
            0,
        ),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", HANG],
            WireErrorKind.MALFORMED,
            0,
        ),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx"],
            WireErrorKind.MALFORMED,
            0,
        ),
    ],
)
async def test_a_broken_answer_has_its_own_kind(server, client, play, kind, received) -> None:
    server.play(play)
    error = await failure(client, server)
    assert (error.kind, error.received) == (kind, received)
    await until(lambda: server.open_connections == 0)
    assert (client.lent_count, client.idle_count) == (0, 0)


async def test_the_four_deadlines_are_told_apart(server, client) -> None:
    head = SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    server.play([HANG])
    assert (await failure(client, server)).deadline == "first_byte"
    server.play([head, HANG])
    assert (await failure(client, server)).deadline == "idle"
    began = time.monotonic()
    patient = Deadlines(connect_s=2, first_byte_s=5, idle_s=0.2, total_s=5)
    assert (await failure(client, server, patient)).deadline == "idle"
    assert time.monotonic() - began < 2  # counted from the last read, not from the request
    server.play([head, *(s for _ in range(50) for s in (chunked("x", end=False), 0.05))])
    error = await failure(client, server)
    assert error.deadline == "total"
    assert error.received > 5
    with pytest.raises(WireError) as caught:
        await client.request("GET", server.base_url, deadlines=QUICK)
    assert caught.value.deadline == "total"  # a whole body has no idle deadline of its own


async def test_a_server_that_never_accepts_runs_into_the_connect_deadline(client) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        full = [socket.socket() for _ in range(4)]
        for filler in full:  # the kernel's queue takes one or two, the rest gets no answer
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        await asyncio.sleep(0.05)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(WireError) as caught:
            await client.request("GET", url, deadlines=Deadlines(connect_s=0.2))
        for filler in full:
            filler.close()
    assert (caught.value.kind, caught.value.deadline) == (WireErrorKind.TIMEOUT, "connect")


async def test_an_interim_answer_is_skipped(server, client) -> None:
    server.play([b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n", 0.02, *answer(204, b"")])
    response = await client.request("GET", server.base_url)
    assert response.status == 204
    assert "x-early" not in response.headers


async def test_a_body_where_none_may_be_is_not_taken_for_the_next_answer(server, client) -> None:
    server.play([b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"])
    for _ in range(2):
        response = await client.request("GET", server.base_url)
        assert (response.status, response.body) == (204, b"")
        await until(lambda: client.idle_count == 0)
    assert server.accepted == 2


async def test_a_redirect_is_an_answer_like_any_other(server, client) -> None:
    server.play([b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"])
    response = await client.request("GET", server.base_url, {"Authorization": "Bearer x"})
    assert response.status == 302
    assert len(server.requests) == 1


async def test_nobody_listening_is_refused_not_unreachable(client, free_port) -> None:
    with pytest.raises(WireError) as caught:
        await client.request("GET", f"http://127.0.0.1:{free_port}/")
    assert caught.value.kind is WireErrorKind.REFUSED


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"X": "a\0"}, {"X": "ключ"}])
async def test_a_header_that_would_break_the_request_is_never_sent(server, client, headers) -> None:
    server.play(answer(200, b"x"))
    with pytest.raises(WireError) as caught:
        await client.request("GET", server.base_url, headers)
    assert caught.value.kind is WireErrorKind.BAD_REQUEST
    assert server.requests == []


async def test_the_own_framing_headers_cannot_be_overridden(server, client) -> None:
    server.play(answer(200, b"x"))
    forged = {"Host": "evil", "Content-Length": "99", "Transfer-Encoding": "chunked"}
    await client.request("POST", server.base_url, forged, b"ab")
    got = server.requests[0]
    assert got.headers["host"].startswith("127.0.0.1")
    assert got.headers["content-length"] == "2"
    assert "transfer-encoding" not in got.headers


async def test_the_rest_of_a_stream_can_be_read_up_to_a_limit(server, client) -> None:
    server.play(sse("x" * 3000))
    async with client.stream("GET", server.base_url) as reply:
        assert await reply.read(1000) == b"x" * 1000
