"""Calls to the /v1 routes for tests, and what their streams say."""

import json
from typing import Any

from tests.support.openai_gateway import OpenAiGateway

KEY = "sk-canary-0123456789abcdef"
MESSAGES = [{"role": "user", "content": "hello"}]
WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "theirs",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


async def post(gateway: OpenAiGateway, body: Any, token: str | None = None):
    async with gateway.client(token) as client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await client.post("/v1/chat/completions", content=content)


def ask(**values: Any) -> dict[str, Any]:
    return {"model": "gpt-x", "messages": MESSAGES, **values}


def events_of(text: str) -> list[Any]:
    frames = [frame.removeprefix("data: ") for frame in text.split("\n\n") if frame]
    return [frame if frame == "[DONE]" else json.loads(frame) for frame in frames]


def said(text: str) -> str:
    chunks = [
        event for event in events_of(text) if isinstance(event, dict) and event.get("choices")
    ]
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
