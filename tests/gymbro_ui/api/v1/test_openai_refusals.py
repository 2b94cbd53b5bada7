"""What /v1 refuses and how: bodies, tokens, suppliers' failures, guards and quota."""

import asyncio

import pytest

from services.settings.types import RateLimits
from tests.support.builders import until
from tests.support.openai_calls import KEY, MESSAGES, WHOLE, ask, events_of, post
from tests.support.openai_gateway import openai_gateway
from tests.support.supplier_server import (
    CLOSE,
    HANG,
    SSE_HEAD,
    answer,
    chat_chunk,
    chunked,
    sse,
)


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"{", 400, "invalid_json", None),
        (b"[]", 400, "invalid_body", None),
        (b"", 400, "invalid_json", None),
        ({"messages": MESSAGES}, 400, "model_required", "model"),
        ({"model": 3, "messages": MESSAGES}, 400, "model_required", "model"),
        ({"model": "gpt-x"}, 400, "messages_required", "messages"),
        ({"model": "gpt-x", "messages": []}, 400, "messages_required", "messages"),
        ({"model": "gpt-x", "messages": ["a"]}, 400, "messages_required", "messages"),
        (
            {"model": "gpt-x", "messages": MESSAGES, "stream": "yes"},
            400,
            "invalid_stream",
            "stream",
        ),
        ({"model": "nobody", "messages": MESSAGES}, 404, "model_not_allowed", None),
        (b"[" * 100_000, 400, "invalid_json", None),
        (b" " * 4_000_001, 413, "body_too_large", None),
    ],
)
async def test_a_bad_body_is_refused_in_openai_shape(
    gateway, supplier, body, status, code, param
) -> None:
    response = await post(gateway, body)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    assert supplier.requests == []


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
async def test_without_a_good_token_nothing_is_answered(gateway, token) -> None:
    response = await post(gateway, ask(), token=token)
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"
    async with gateway.client(token) as client:
        assert (await client.get("/v1/models")).status_code == 401


async def test_the_operator_token_is_accepted_too(gateway, supplier) -> None:
    supplier.play(answer(200, WHOLE))
    response = await post(gateway, ask(), token=gateway.console.accounts.operator_token)
    assert response.status_code == 200


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("play", "status", "code", "wait"),
    [
        (answer(401, {"error": {"message": f"bad key {KEY}"}}), 502, "upstream_http_401", None),
        (
            answer(429, {"error": {"message": "slow"}}, "Retry-After: 9\r\n"),
            429,
            "upstream_http_429",
            "9",
        ),
        (answer(400, {"error": {"message": "no tools"}}), 400, "upstream_http_400", None),
        (answer(500, b"<html>oops</html>"), 502, "upstream_http_500", None),
        ([CLOSE], 502, "upstream_error", None),
    ],
)
async def test_a_suppliers_failure_keeps_its_word_and_hides_its_key(  # noqa: PLR0917
    gateway, supplier, play, status, code, wait, is_stream
) -> None:
    supplier.play(play)
    response = await post(gateway, ask(stream=is_stream))
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers.get("retry-after") == wait
    assert KEY not in response.text
    assert str(supplier.port) not in response.text
    assert gateway.counted.requests[0]["ok"] is False


async def test_a_stream_that_breaks_says_so_inside_and_is_counted_as_failed(
    gateway, supplier
) -> None:
    supplier.play(
        [
            SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
            chunked(chat_chunk("half"), end=False),
            0.05,
            CLOSE,
        ]
    )
    response = await post(gateway, ask(stream=True))
    events = events_of(response.text)
    assert events[-1]["error"]["code"] == "upstream_error"
    assert gateway.counted.requests[0]["ok"] is False


async def test_a_key_that_a_supplier_echoes_is_masked_in_both_shapes(gateway, supplier) -> None:
    supplier.play(answer(200, {**WHOLE, "id": KEY}))
    assert (await post(gateway, ask())).json()["id"] == "***"
    supplier.play(
        sse(chat_chunk(KEY[:10]), f"data: {KEY[:7]}", f"{KEY[7:]}\n\n", "data: [DONE]\n\n")
    )
    assert KEY not in (await post(gateway, ask(stream=True))).text


async def test_guards_and_quota_are_those_of_the_chat_api(database, secrets, env, supplier) -> None:
    supplier.play(answer(200, WHOLE))
    limits = RateLimits(anonymous_qps=0, streams_per_anonymous=1)
    async with openai_gateway(database, secrets, env, limits) as gateway:
        await gateway.add_model("gpt-q", supplier.base_url)
        for _ in range(20):
            assert (await post(gateway, ask(model="gpt-q"))).status_code == 200
        refused = await post(gateway, ask(model="gpt-q"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            429,
            "model_daily_quota_exceeded",
        )
        assert int(refused.headers["retry-after"]) > 0
        await gateway.add_model("deepseek-q", supplier.base_url)
        supplier.play(
            [
                SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                chunked(chat_chunk("a"), end=False),
                HANG,
            ]
        )
        first = asyncio.create_task(post(gateway, ask(model="deepseek-q", stream=True)))
        await until(lambda: gateway.console.gateway.guards.open_streams == 1)
        second = await post(gateway, ask(model="deepseek-q", stream=True))
        assert second.json()["error"]["code"] == "SSE_CONCURRENCY_LIMIT_EXCEEDED"
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
