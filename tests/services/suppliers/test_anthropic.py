"""The Anthropic supplier: how a conversation is converted and every stream event read."""

import json
from typing import Any

import pytest

from services.suppliers.anthropic_shape import anthropic_body
from services.suppliers.service import Suppliers
from services.suppliers.types import (
    Conversation,
    Delta,
    Dialect,
    SupplierCall,
    SupplierError,
    Usage,
)
from tests.support.supplier_server import SupplierServer, answer, sse

KEY = "sk-ant-canary-123456"
TOOL = {
    "type": "function",
    "function": {"name": "web_search.exa", "description": "d", "parameters": {"type": "object"}},
}


def event(kind: str, **values) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **values}, ensure_ascii=False)}\n\n"


def call(
    server: SupplierServer, conversation: Conversation | None = None, **values
) -> SupplierCall:
    asked = conversation or Conversation([{"role": "user", "content": "hi"}])
    given: dict[str, Any] = {
        "base_url": server.base_url,
        "protocol": "claude",
        "model": "c-1",
        "conversation": asked,
        "api_key": KEY,
        "timeout_s": 1.0,
        "allows_local": True,
        **values,
    }
    return SupplierCall(**given)


async def ask(suppliers: Suppliers, wanted: SupplierCall) -> list[Delta]:
    return [delta async for delta in suppliers.stream(wanted)]


ASKED = [
    {"role": "system", "content": "one"},
    {"role": "system", "content": "two"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAA"}},
        ],
    },
    {"role": "user", "content": "again"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "t1", "function": {"name": "web_search.exa", "arguments": '{"q": 1}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "t1", "content": "found"},
    {"role": "user", "content": ""},
]
SENT = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "look"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAA"},
            },
            {"type": "text", "text": "again"},
        ],
    },
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t1", "name": "web_search_exa", "input": {"q": 1}}],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "found"}],
    },
]


def test_roles_tools_and_images_are_converted() -> None:
    conversation = Conversation(
        ASKED, tools=[TOOL], tool_choice="required", temperature=0.2, max_tokens=9
    )
    body, names = anthropic_body(conversation, "c-1")
    assert body["system"] == "one\n\ntwo"
    assert body["messages"] == SENT
    assert body["tools"] == [
        {"name": "web_search_exa", "description": "d", "input_schema": {"type": "object"}}
    ]
    assert body["tool_choice"] == {"type": "any"}
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (9, 0.2, True)
    assert "top_p" not in body
    assert names == {"web_search_exa": "web_search.exa"}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ({"type": "function", "function": {"name": "a.b"}}, {"type": "tool", "name": "a_b"}),
        (None, None),
        ("odd", None),
    ],
)
def test_a_tool_choice_is_converted(choice, sent) -> None:
    body, _ = anthropic_body(Conversation([], tools=[TOOL], tool_choice=choice), "c")
    assert body.get("tool_choice") == sent
    assert body["max_tokens"] == 1024


async def test_text_thinking_tools_stop_reason_and_usage_are_read(server, suppliers) -> None:
    server.play(
        sse(
            event("message_start", message={"id": "m", "usage": {"input_tokens": 5}}),
            event("ping"),
            event(
                "content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}
            ),
            event(
                "content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "why "}
            ),
            event(
                "content_block_delta", index=0, delta={"type": "signature_delta", "signature": "x"}
            ),
            event("content_block_stop", index=0),
            event("content_block_start", index=1, content_block={"type": "text", "text": ""}),
            event("content_block_delta", index=1, delta={"type": "text_delta", "text": "因为"}),
            event(
                "content_block_start",
                index=2,
                content_block={"type": "tool_use", "name": "web_search_exa"},
            ),
            event(
                "content_block_delta",
                index=2,
                delta={"type": "input_json_delta", "partial_json": "{}"},
            ),
            event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 6}),
            event("message_stop"),
            headers="request-id: req-1\r\n",
        )
    )
    conversation = Conversation([{"role": "user", "content": "hi"}], tools=[TOOL])
    deltas = await ask(suppliers, call(server, conversation))
    got = server.requests[0]
    assert (got.path, got.headers["x-api-key"]) == ("/v1/messages", KEY)
    assert got.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in got.headers
    assert deltas[0].upstream_request_id == "req-1"
    assert "".join(delta.text for delta in deltas) == "why 因为"
    assert [name for delta in deltas for name in delta.tool_names] == ["web_search.exa"]
    assert [delta.usage for delta in deltas if delta.usage] == [Usage(5, 6, 11)]
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["tool_use"]


async def test_a_whole_message_is_read_too(server, suppliers) -> None:
    content = [{"type": "text", "text": "all"}]
    usage = {"input_tokens": 1, "output_tokens": 2}
    server.play(
        answer(
            200, {"type": "message", "content": content, "stop_reason": "end_turn", "usage": usage}
        )
    )
    deltas = await ask(suppliers, call(server))
    assert deltas[-1].text == "all"
    assert deltas[-1].usage == Usage(1, 2, 3)


@pytest.mark.parametrize(
    ("parts", "word", "status"),
    [
        (
            [event("error", error={"type": "overloaded_error", "message": "Overloaded"})],
            "upstream_error",
            529,
        ),
        (
            [event("error", error={"type": "rate_limit_error", "message": "slow"})],
            "upstream_error",
            429,
        ),
        ([event("message_start", message={})], "upstream_error", None),
        ([": ping\n\n"], "upstream_invalid_response", None),
    ],
)
async def test_a_stream_that_does_not_stop_properly_is_a_failure(
    server, suppliers, parts, word, status
) -> None:
    server.play(sse(*parts))
    with pytest.raises(SupplierError) as caught:
        await ask(suppliers, call(server))
    assert (caught.value.word, caught.value.status) == (word, status)


async def test_an_error_status_is_read_in_this_shape_too(server, suppliers) -> None:
    server.play(answer(400, {"type": "error", "error": {"type": "x", "message": "max_tokens"}}))
    with pytest.raises(SupplierError) as caught:
        await ask(suppliers, call(server))
    assert str(caught.value) == "upstream_http_400:max_tokens"


async def test_a_payload_is_passed_with_the_model_overwritten(server, suppliers) -> None:
    server.play(sse(event("content_block_delta", delta={"text": "p"}), event("message_stop")))
    payload = {"model": "x", "messages": [], "top_k": 3}
    wanted = call(server, payload=payload, conversation=None, dialect=Dialect.ANTHROPIC)
    assert "".join(delta.text for delta in await ask(suppliers, wanted)) == "p"
    assert server.requests[0].json == {"model": "c-1", "messages": [], "top_k": 3, "stream": True}
