"""The /v1 routes over real sockets: OpenAI shapes in and out, every supplier, counting."""

import json
from typing import Any

import pytest

from gymbro_ui.api.openai import read_usage
from services.suppliers.types import Usage
from tests.support.builders import until
from tests.support.openai_calls import KEY, MESSAGES, WHOLE, ask, events_of, post, said
from tests.support.openai_gateway import OpenAiGateway
from tests.support.supplier_server import (
    HANG,
    SSE_HEAD,
    SupplierServer,
    answer,
    chat,
    chat_chunk,
    chunked,
    sse,
)


async def test_models_lists_the_mapped_keys_in_openai_shape(gateway) -> None:
    async with gateway.client() as client:
        body = (await client.get("/v1/models")).json()
    assert body["object"] == "list"
    row = next(row for row in body["data"] if row["id"] == "gpt-x")
    assert row["object"] == "model"
    assert row["owned_by"] == "openai"
    assert row["created"] > 0


async def test_a_whole_reply_is_the_suppliers_own_bytes_and_is_counted(gateway, supplier) -> None:
    supplier.play(answer(200, WHOLE))
    response = await post(gateway, ask(seed=7, temperature=0))
    assert response.status_code == 200
    assert response.json() == WHOLE
    assert response.headers["x-request-id"]
    sent = supplier.requests[0]
    assert sent.json == {
        "model": "gpt-x-upstream",
        "messages": MESSAGES,
        "seed": 7,
        "temperature": 0,
    }
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert gateway.token not in str(sent.headers)
    (counted,) = gateway.counted.requests
    assert counted["ok"] is True
    assert counted["model"] == "gpt-x"
    assert counted["usage"] == Usage(1, 2, 3)
    assert counted["caller"].user_type == "anonymous"
    assert gateway.counted.callers[0] == counted["caller"]


async def test_a_stream_is_passed_on_as_it_is(gateway, supplier) -> None:
    supplier.play(chat("he", "llo"))
    response = await post(gateway, ask(stream=True))
    assert response.headers["content-type"].startswith("text/event-stream")
    assert said(response.text) == "hello"
    assert events_of(response.text)[-1] == "[DONE]"
    assert supplier.requests[0].json["stream"] is True
    assert gateway.counted.requests[0]["ok"] is True


async def test_usage_at_the_end_of_a_stream_is_counted_over_chunk_borders(
    gateway, supplier
) -> None:
    usage = json.dumps(
        {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}}
    )
    frame = f"data: {usage}\n\n"
    supplier.play(sse(chat_chunk("x", "stop"), frame[:40], frame[40:], "data: [DONE]\n\n"))
    await post(gateway, ask(stream=True))
    assert gateway.counted.requests[0]["usage"] == Usage(10, 20, 30)


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_demo_model_answers_in_the_same_shapes(gateway, is_stream) -> None:
    await gateway.add_model(
        "demo-y", "", provider_protocol="demo", model="demo-thinkingml", api_key=None
    )
    body = ask(model="demo-y", stream=is_stream, stream_options={"include_usage": True})
    response = await post(gateway, body)
    assert response.status_code == 200
    if is_stream:
        events = events_of(response.text)
        assert events[-1] == "[DONE]"
        assert {event["object"] for event in events[:-1]} == {"chat.completion.chunk"}
        assert events[-3]["choices"][0]["finish_reason"] == "stop"
        assert events[-2]["usage"]["total_tokens"] > 0
        text = said(response.text)
    else:
        whole = response.json()
        assert whole["object"] == "chat.completion"
        assert whole["usage"]["completion_tokens"] > 0
        text = whole["choices"][0]["message"]["content"]
    assert text.endswith("</final>")
    assert gateway.counted.requests[0]["usage"].total_tokens > 0


CLAUDE_EVENTS = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 1}}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "look"}},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t1", "name": "a_b"},
    },
    {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"q":'}},
    {"type": "content_block_delta", "index": 1, "delta": {"partial_json": "1}"}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
TOOLS = [{"type": "function", "function": {"name": "a.b", "parameters": {"type": "object"}}}]


async def ask_claude(gateway: OpenAiGateway, supplier: SupplierServer, *, stream: bool) -> Any:
    await gateway.add_model("claude-z", supplier.base_url, provider_protocol="claude")
    frames = (f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in CLAUDE_EVENTS)
    supplier.play(sse(*frames))
    response = await post(gateway, ask(model="claude-z", stream=stream, tools=TOOLS))
    assert supplier.requests[0].path == "/v1/messages"
    assert supplier.requests[0].json["tools"][0]["name"] == "a_b"
    return response


async def test_a_claude_reply_is_translated_with_its_tool_calls(gateway, supplier) -> None:
    whole = (await ask_claude(gateway, supplier, stream=False)).json()
    choice = whole["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "look"
    assert choice["message"]["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "a.b", "arguments": '{"q":1}'}}
    ]
    assert whole["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


async def test_a_claude_stream_is_translated_with_its_tool_calls(gateway, supplier) -> None:
    response = await ask_claude(gateway, supplier, stream=True)
    deltas = [e["choices"][0] for e in events_of(response.text)[:-1]]
    calls = [call for d in deltas for call in d["delta"].get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "a.b"
    assert "".join(call["function"]["arguments"] for call in calls) == '{"q":1}'
    assert {call["index"] for call in calls} == {0}
    assert deltas[-1]["finish_reason"] == "tool_calls"
    assert said(response.text) == "look"


async def test_a_client_that_leaves_closes_the_suppliers_stream(gateway, supplier) -> None:
    supplier.play(
        [
            SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
            chunked(chat_chunk("a"), end=False),
            HANG,
        ]
    )
    async with (
        gateway.client() as client,
        client.stream("POST", "/v1/chat/completions", json=ask(stream=True)) as response,
    ):
        async for _ in response.aiter_bytes():
            break
    await until(lambda: supplier.open_connections == 0)
    await until(lambda: gateway.console.gateway.guards.open_streams == 0)
    assert gateway.counted.requests[0]["ok"] is False
    assert gateway.console.tasks.names == []


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (b"", None),
        (b"e", None),
        (b'"usage":null', None),
        (b'"usage": {"prompt_tokens": 1,"completion_tokens":2,"total_tokens":3}', Usage(1, 2, 3)),
        (b'"usage":{"prompt_tokens":99999999999999999999}', None),
        (b'"usage":{"completion_tokens":4,"details":{"x":1}}', Usage(None, 4, None)),
    ],
)
def test_token_counts_are_read_from_the_bytes(raw, usage) -> None:
    assert read_usage(raw) == usage
