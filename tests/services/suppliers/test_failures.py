"""What can go wrong at a supplier: every bad end has its word, hostile streams end, no key leaks."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.foundation.clock import SystemClock
from services.suppliers.failures import KeyMask, retry_after
from services.suppliers.service import Suppliers
from services.suppliers.types import (
    Conversation,
    SupplierError,
)
from services.wire.client import WireClient
from services.wire.types import Limits
from tests.support.builders import until
from tests.support.clock import START
from tests.support.supplier_calls import DONE, KEY, ask, call, refusal, text_of
from tests.support.supplier_server import (
    CLOSE,
    HANG,
    HOSTILE,
    RESET,
    SSE_HEAD,
    answer,
    chat_chunk,
    chunked,
    hostile,
    sse,
)


@pytest.mark.parametrize(
    ("play", "word", "detail"),
    [
        (sse(chat_chunk("half")), "upstream_error", "unfinished"),
        (sse(chat_chunk("half"), 'data: {"cho'), "upstream_error", "in the middle of an event"),
        ([*sse(chat_chunk("half"))[:2], 0.02, RESET], "upstream_error", "bytes"),
        ([CLOSE], "upstream_error", "after 0 bytes"),
        (sse(DONE), "upstream_empty_choices", ""),
        (sse('data: {"choices": []}\n\n', DONE), "upstream_empty_choices", ""),
        (sse(chat_chunk(function_call={"name": "f"}), DONE), "function_call_not_supported", ""),
        (
            sse('data: {"error": {"message": "overloaded now"}}\n\n'),
            "upstream_error",
            "overloaded now",
        ),
        (sse('event: error\ndata: {"message": "bad day"}\n\n'), "upstream_error", "bad day"),
        (answer(200, b"[1]"), "upstream_invalid_response", "not a JSON object"),
        (sse(": nothing\n\n"), "upstream_invalid_response", "no event"),
        ([HANG], "upstream_timeout", "first_byte"),
    ],
)
async def test_every_bad_end_has_its_word(server, suppliers, play, word, detail) -> None:
    server.play(play)
    error = await refusal(suppliers, call(server, timeout_s=0.5))
    assert error.word == word
    assert detail in error.detail
    await until(lambda: suppliers.wire.lent_count == 0)


async def test_nobody_listening_is_unreachable(suppliers, server, free_port) -> None:
    error = await refusal(suppliers, call(server, base_url=f"http://127.0.0.1:{free_port}"))
    assert error.word == "upstream_unreachable"
    assert str(free_port) not in str(error)


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        ({"error": {"message": "slow down", "type": "x"}}, "application/json", "slow down"),
        ({"error": "plain"}, "application/json", "plain"),
        ({"detail": [{"msg": "bad field"}]}, "application/json", "bad field"),
        ([{"error": {"message": "in a list"}}], "application/json", "in a list"),
        (b"<html>gateway</html>", "text/html", ""),
        (b"just\x1b[31m text\n", "text/plain", "just [31m text"),
        (b"", "text/plain", ""),
    ],
)
async def test_an_error_status_keeps_its_number_and_its_sentence(
    server, suppliers, body, kind, detail
) -> None:
    server.play(answer(503, body, kind=kind))
    error = await refusal(suppliers, call(server))
    assert (error.word, error.status, error.detail) == ("upstream_http_503", 503, detail)


@pytest.mark.parametrize("status", [400, 404])
async def test_a_model_the_supplier_does_not_know_is_said_in_its_own_words(
    server, suppliers, status
) -> None:
    said = {"error": {"message": "The model `m-1` does not exist", "code": "model_not_found"}}
    server.play(answer(status, said))
    error = await refusal(suppliers, call(server))
    assert (error.word, error.status) == (f"upstream_http_{status}", status)
    assert error.detail == "The model `m-1` does not exist"
    assert len(server.requests) == 1  # asking again would not help


async def test_escapes_and_bidirectional_overrides_of_an_error_come_out_neutral(
    server, suppliers
) -> None:
    said = "\x1b[2J\x1b]0;title\x07evil \u202egpj.exe\u2066 \x9b31m end\u2028"
    server.play(answer(503, {"error": {"message": said}}))
    detail = (await refusal(suppliers, call(server))).detail
    assert all(one.isprintable() for one in detail)
    assert "evil" in detail
    assert "gpj.exe" in detail


async def test_a_429_carries_the_wait_the_supplier_asked_for(server, suppliers) -> None:
    server.play(answer(429, {"error": {"message": "quota"}}, "Retry-After: 7\r\n"))
    error = await refusal(suppliers, call(server))
    assert (error.word, error.status, error.retry_after_s) == ("upstream_http_429", 429, 7)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("12", 12),
        ("-3", 0),
        ("soon", 0),
        ("1e9", 0),
        ("99999999999", 86_400),
        ("Mon, 02 Mar 2026 08:00:30 GMT", 30),
        ("Mon, 02 Mar 2020 08:00:30 GMT", 0),
        ("٣", 0),
    ],
)
def test_retry_after_is_read_as_number_or_date(value, seconds) -> None:
    assert retry_after(value, START) == seconds


async def test_a_key_that_a_supplier_echoes_never_comes_through(server, suppliers) -> None:
    server.play(answer(401, {"error": {"message": f"bad key {KEY} at http://secret.host/v1?k=1"}}))
    error = await refusal(suppliers, call(server))
    assert error.word == "upstream_http_401"
    assert KEY not in str(error)
    assert "secret.host" not in str(error)

    server.play(
        sse(
            chat_chunk(f"your key is {KEY[:9]}"),
            chat_chunk(f"{KEY[9:]}!"),
            chat_chunk(finish="stop"),
            DONE,
        )
    )
    deltas = await ask(suppliers, call(server))
    assert text_of(deltas) == "your key is ***!"

    server.play(sse(chat_chunk(f"key {KEY}"), DONE))
    deltas = await ask(suppliers, call(server))
    assert KEY not in "".join(delta.raw for delta in deltas)


@given(
    st.lists(
        st.sampled_from([KEY, KEY[:5], KEY[5:], "s", "sk-", "x", "sk-canary-sk-canary-"]),
        max_size=12,
    ),
    st.data(),
)
def test_masking_a_key_in_pieces_equals_masking_the_whole(words, data) -> None:
    whole = "".join(words)
    mask, raw_mask, out, raw, at = KeyMask(KEY), KeyMask(KEY), "", b"", 0
    while at < len(whole):
        size = data.draw(st.integers(1, 9))
        out += mask.feed(whole[at : at + size])
        raw += raw_mask.feed_bytes(whole[at : at + size].encode())
        at += size
    masked = whole.replace(KEY, "***")
    assert out + mask.flush() == masked
    assert raw + raw_mask.flush().encode() == masked.encode()


SMALL = Limits(reply_bytes=2 * 1024 * 1024)
EXPECTED = {
    "bomb": "upstream_invalid_response",
    "longline": "upstream_invalid_response",
    "endless": "upstream_invalid_response",
    "manyfields": "upstream_invalid_response",
    "slow": "upstream_timeout",
    "heartbeat": "upstream_timeout",
    "badutf8": "upstream_empty_choices",
    "splitutf8": "你好🧪",
    "crlf": "upstream_empty_choices",
    "nojson": "upstream_empty_choices",
    "html": "upstream_invalid_response",
    "trunc": "upstream_error",
    "bigheader": "upstream_invalid_response",
    "manyheaders": "upstream_invalid_response",
    "redirloop": "upstream_http_302",
    "nohead": "upstream_timeout",
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_stream_ends_soon_with_a_word(server, kind) -> None:
    suppliers = Suppliers(SystemClock(), WireClient(SystemClock(), limits=SMALL))
    server.play(hostile(kind))
    async with asyncio.timeout(8):
        try:
            ended = text_of(await ask(suppliers, call(server, timeout_s=0.4)))
        except SupplierError as error:
            ended = error.word
    assert ended == EXPECTED[kind]
    await until(lambda: server.open_connections == 0 or suppliers.wire.idle_count == 1)
    assert suppliers.wire.lent_count == 0
    await suppliers.close()


async def test_a_reader_that_leaves_closes_the_socket(server, suppliers) -> None:
    head = SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    server.play([head, chunked(chat_chunk("a"), end=False), HANG])
    async with contextlib.aclosing(suppliers.stream(call(server))) as deltas:
        async for delta in deltas:
            if delta.text:
                break
    await until(lambda: server.open_connections == 0)


async def test_cancelling_closes_the_socket(server, suppliers) -> None:
    server.play([HANG])
    task = asyncio.create_task(ask(suppliers, call(server)))
    await until(lambda: server.open_connections == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: server.open_connections == 0)
    assert suppliers.wire.lent_count == 0


async def test_a_request_that_is_no_json_and_an_unknown_protocol_fail_like_everything_else(
    server, suppliers
) -> None:
    odd = Conversation([{"role": "user", "content": "\ud800"}])
    assert (await refusal(suppliers, call(server, conversation=odd))).word == "upstream_error"
    assert (await refusal(suppliers, call(server, protocol="smoke"))).word == "upstream_error"
    assert (await refusal(suppliers, call(server, api_key="ключ"))).word == "upstream_error"
    assert server.requests == []
