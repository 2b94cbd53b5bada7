"""The OpenAI-compatible supplier against a real server: request, deltas, payload mode."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.foundation.clock import SystemClock
from services.suppliers.service import Suppliers
from services.suppliers.types import (
    Conversation,
    Delta,
    Dialect,
    Usage,
)
from tests.support.builders import until
from tests.support.supplier_calls import DONE, KEY, ask, call, text_of
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


async def test_the_request_holds_what_is_set_and_nothing_else(server, suppliers) -> None:
    server.play(chat("ok"))
    tools = [{"type": "function", "function": {"name": "t", "parameters": {}}}]
    conversation = Conversation(
        [{"role": "system", "content": "s"}, {"role": "user", "content": "你好"}],
        tools=tools,
        tool_choice="auto",
        temperature=0.5,
        max_tokens=7,
    )
    await ask(suppliers, call(server, conversation=conversation))
    got = server.requests[0]
    assert (got.method, got.path) == ("POST", "/v1/chat/completions")
    assert got.headers["authorization"] == f"Bearer {KEY}"
    assert got.headers["x-request-id"] == "rid-1"
    assert got.json == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "你好"}],
        "stream": True,
        "tools": tools,
        "tool_choice": "auto",
        "temperature": 0.5,
        "max_tokens": 7,
    }


@pytest.mark.parametrize(
    ("suffix", "path"),
    [
        ("", "/v1/chat/completions"),
        ("/api", "/api/v1/chat/completions"),
        ("/api/paas/v4", "/api/paas/v4/chat/completions"),
        ("/v1beta/openai", "/v1beta/openai/chat/completions"),
    ],
)
async def test_a_base_with_its_own_version_keeps_it(server, suppliers, suffix, path) -> None:
    server.play(chat("ok"))
    await ask(suppliers, call(server, base_url=server.base_url + suffix))
    assert server.requests[0].path == path


async def test_content_reasoning_tools_finish_usage_and_ids_arrive_in_order(
    server, suppliers
) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    server.play(
        sse(
            ": comment\n\n",
            chat_chunk(role="assistant", content=""),
            chat_chunk(reasoning_content="think "),
            chat_chunk("你"),
            chat_chunk("好"),
            chat_chunk(
                tool_calls=[{"index": 0, "function": {"name": "web.search", "arguments": ""}}]
            ),
            chat_chunk(tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]),
            chat_chunk(finish="tool_calls"),
            f'data: {{"choices": [], "usage": {json.dumps(usage)}}}\n\n',
            DONE,
            headers="x-request-id: up-1\r\n",
        )
    )
    deltas = await ask(suppliers, call(server))
    assert deltas[0].upstream_request_id == "up-1"
    assert text_of(deltas) == "think 你好"
    assert [name for delta in deltas for name in delta.tool_names] == ["web.search"]
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["tool_calls"]
    assert [delta.usage for delta in deltas if delta.usage] == [Usage(3, 4, 7)]
    assert all(delta.event == "message" and delta.raw.startswith("{") for delta in deltas[1:])


@given(st.lists(st.integers(1, 40), max_size=60))
def test_no_border_between_packets_changes_the_reply(sizes) -> None:
    stream = (
        chat_chunk("思考🧪 one") + chat_chunk("two\r\n") + chat_chunk(finish="stop") + DONE
    ).encode()
    parts, at = [], 0
    for size in sizes:
        parts.append(stream[at : at + size])
        at += size
    parts.append(stream[at:])

    async def once() -> list[Delta]:
        async with SupplierServer() as server:
            server.play(sse(*parts))
            suppliers = Suppliers(SystemClock())
            try:
                return await ask(suppliers, call(server))
            finally:
                await suppliers.close()

    assert text_of(asyncio.run(once())) == "思考🧪 onetwo\r\n"


async def test_one_connection_serves_many_replies(server, suppliers) -> None:
    server.play(chat("a", "b"))
    for _ in range(5):
        assert text_of(await ask(suppliers, call(server))) == "ab"
    assert server.accepted == 1


async def test_a_whole_json_answer_is_read_as_one_delta(server, suppliers) -> None:
    message = {"role": "assistant", "content": "whole", "reasoning_content": "why "}
    server.play(answer(200, {"choices": [{"message": message, "finish_reason": "stop"}]}))
    assert text_of(await ask(suppliers, call(server))) == "why whole"


async def test_a_stream_without_done_is_whole_once_it_said_why_it_finished(
    server, suppliers
) -> None:
    server.play(sse(chat_chunk("all"), chat_chunk(finish="stop")))
    assert text_of(await ask(suppliers, call(server))) == "all"


async def test_what_comes_after_done_is_not_part_of_the_reply(server, suppliers) -> None:
    server.play(sse(chat_chunk("a"), DONE, chat_chunk("late"), DONE))
    assert text_of(await ask(suppliers, call(server))) == "a"


async def test_a_server_that_holds_the_line_after_done_does_not_hold_the_reply(
    server, suppliers
) -> None:
    head = SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    server.play([head, chunked(chat_chunk("a"), DONE, end=False), HANG])
    async with asyncio.timeout(0.9):
        assert text_of(await ask(suppliers, call(server))) == "a"
    await until(lambda: server.open_connections == 0)


async def test_payload_mode_overwrites_the_model_and_forces_the_stream(server, suppliers) -> None:
    server.play(chat("p"))
    payload = {"model": "mine", "stream": False, "messages": [], "seed": 4}
    deltas = await ask(suppliers, call(server, conversation=None, payload=payload))
    assert text_of(deltas) == "p"
    assert server.requests[0].json == {"model": "m-1", "stream": True, "messages": [], "seed": 4}


async def test_a_responses_payload_has_its_own_path_and_events(server, suppliers) -> None:
    server.play(
        sse(
            'event: response.created\ndata: {"type":"response.created"}\n\n',
            'event: response.reasoning_summary_text.delta\ndata: {"type":"response.reasoning_summary_text.delta","delta":"why "}\n\n',
            'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"yes"}\n\n',
            'event: response.completed\ndata: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":1,"output_tokens":2}}}\n\n',
        )
    )
    wanted = call(
        server, conversation=None, payload={"input": "hi"}, dialect=Dialect.OPENAI_RESPONSES
    )
    deltas = await ask(suppliers, wanted)
    assert server.requests[0].path == "/v1/responses"
    assert text_of(deltas) == "why yes"
    assert deltas[-1].usage == Usage(1, 2, 3)


async def test_a_gemini_payload_names_the_model_in_the_path_only(server, suppliers) -> None:
    part = {"content": {"parts": [{"text": "g1"}, {"functionCall": {"name": "f"}}]}}
    server.play(
        sse(
            f"data: {json.dumps({'candidates': [part]})}\n\n",
            'data: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3}}\n\n',
        )
    )
    payload = {"contents": [{"parts": [{"text": "hi"}]}]}
    wanted = call(server, conversation=None, payload=payload, dialect=Dialect.GEMINI, model="gem/1")
    deltas = await ask(suppliers, wanted)
    got = server.requests[0]
    assert got.path == "/v1beta/models/gem%2F1:streamGenerateContent?alt=sse"
    assert got.json == payload
    assert got.headers["x-goog-api-key"] == KEY
    assert text_of(deltas) == "g1"
    assert deltas[-1].usage == Usage(1, 2, 3)
