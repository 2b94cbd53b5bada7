"""Connections: reused, replaced, bounded, and gone after a cancel or an early leave."""

import asyncio

import pytest

from services.foundation.clock import SystemClock
from services.wire.client import WireClient
from services.wire.types import Deadlines, Limits, WireError, WireErrorKind
from tests.support.builders import until
from tests.support.supplier_server import (
    CLOSE,
    HANG,
    RESET,
    SSE_HEAD,
    answer,
    chunked,
)
from tests.support.wire_calls import failure


async def test_one_connection_serves_one_request_after_the_other(server, client) -> None:
    server.play(answer(200, b"x"))
    for _ in range(20):
        await client.request("GET", server.base_url)
    assert server.accepted == 1
    assert (client.lent_count, client.idle_count) == (0, 1)


async def test_a_closed_idle_connection_is_replaced_without_a_repeat_being_noticed(
    server, client
) -> None:
    server.play([*answer(200, b"x"), 0.02, CLOSE], answer(200, b"y"))
    await client.request("GET", server.base_url)
    await until(lambda: client.idle_count == 0)
    assert (await client.request("GET", server.base_url)).body == b"y"
    assert len(server.requests) == 2


async def test_a_reused_connection_that_closes_unanswered_is_tried_once_more(
    server, client
) -> None:
    server.play(answer(200, b"x"), [CLOSE], answer(200, b"again"))
    await client.request("PUT", server.base_url, body=b"1")
    response = await client.request("PUT", server.base_url, body=b"2")
    assert response.body == b"again"
    assert [got.body for got in server.requests] == [b"1", b"2", b"2"]


@pytest.mark.parametrize("repeats", [False, True])
async def test_a_post_is_repeated_only_by_a_client_made_for_it(server, repeats: bool) -> None:
    """A server that took the message and then closed must not get it twice."""
    client = WireClient(SystemClock(), repeats_posts=repeats)
    server.play(answer(200, b"x"), [CLOSE], answer(200, b"again"))
    await client.request("POST", server.base_url, body=b"1")
    if repeats:
        assert (await client.request("POST", server.base_url, body=b"2")).body == b"again"
    else:
        with pytest.raises(WireError) as caught:
            await client.request("POST", server.base_url, body=b"2")
        assert (caught.value.kind, caught.value.received) == (WireErrorKind.CUT, 0)
    assert [got.body for got in server.requests] == [b"1", b"2"] + [b"2"] * repeats
    client.close()


async def test_a_fresh_connection_that_closes_unanswered_is_not_tried_again(server, client) -> None:
    server.play([CLOSE])
    error = await failure(client, server)
    assert (error.kind, error.received) == (WireErrorKind.CUT, 0)
    assert len(server.requests) == 1


async def test_a_half_answered_request_is_never_repeated(server, client) -> None:
    server.play(answer(200, b"x"), [b"HTTP/1.1 200 OK\r\nContent-", RESET], answer(200, b"never"))
    await client.request("POST", server.base_url, body=b"1")
    with pytest.raises(WireError) as caught:
        await client.request("POST", server.base_url, body=b"2")
    assert caught.value.kind is WireErrorKind.CUT
    assert len(server.requests) == 2


async def test_a_body_that_ends_by_closing_is_whole_and_its_socket_is_not_kept(
    server, client
) -> None:
    server.play([b"HTTP/1.1 200 OK\r\n\r\nrest", CLOSE])
    assert (await client.request("GET", server.base_url)).body == b"rest"
    assert client.idle_count == 0


async def test_cancelling_leaves_no_socket_behind(server, client) -> None:
    server.play([SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunked("x", end=False), HANG])

    async def follow() -> None:
        async with client.stream("GET", server.base_url) as reply:
            async for _ in reply.chunks():
                pass

    tasks = [asyncio.create_task(follow()) for _ in range(5)]
    tasks += [asyncio.create_task(client.request("GET", server.base_url)) for _ in range(5)]
    await until(lambda: server.open_connections == 10)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await until(lambda: server.open_connections == 0)
    assert (client.lent_count, client.idle_count) == (0, 0)


async def test_leaving_a_stream_early_closes_its_socket(server, client) -> None:
    server.play([SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunked("x", end=False), HANG])
    async with client.stream("GET", server.base_url) as reply:
        async for _ in reply.chunks():
            break
    await until(lambda: server.open_connections == 0)
    assert client.lent_count == 0


async def test_no_more_connections_than_allowed_are_open_and_the_next_one_waits(server) -> None:
    client = WireClient(SystemClock(), limits=Limits(connections_per_origin=2))
    server.play([0.05, *answer(200, b"x")])
    answers = await asyncio.gather(*(client.request("GET", server.base_url) for _ in range(8)))
    assert len(answers) == 8
    assert server.accepted == 2
    server.play([HANG])
    holders = [asyncio.create_task(client.request("GET", server.base_url)) for _ in range(2)]
    await until(lambda: client.lent_count == 2)
    with pytest.raises(WireError) as caught:
        await client.request("GET", server.base_url, deadlines=Deadlines(connect_s=0.1))
    assert caught.value.deadline == "connect"
    for task in holders:
        task.cancel()
    await asyncio.gather(*holders, return_exceptions=True)
    assert client.lent_count == 0


async def test_a_server_that_goes_on_after_the_end_is_not_used_again(server, client) -> None:
    server.play([*answer(200, b"ok"), b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"])
    for _ in range(3):
        assert (await client.request("GET", server.base_url)).body == b"ok"
        await asyncio.sleep(0.02)
        assert client.idle_count == 0
    assert server.accepted == 3


async def test_an_idle_connection_is_closed_after_its_time(server) -> None:
    client = WireClient(SystemClock(), limits=Limits(keep_idle_s=0.05))
    server.play(answer(200, b"x"))
    await client.request("GET", server.base_url)
    assert client.idle_count == 1
    await until(lambda: client.idle_count == 0 and server.open_connections == 0)
