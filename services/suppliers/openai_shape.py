"""OpenAI shape: any supplier's deltas written as `chat.completion` objects for OpenAI clients."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from services.foundation.clock import Clock
from services.suppliers.json_values import as_object, as_objects
from services.suppliers.types import Conversation, Delta, SupplierCall, ToolPiece, Usage

Stream = Callable[[SupplierCall], AsyncIterator[Delta]]
_DONE = b"data: [DONE]\n\n"
_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
}


def conversation_of(body: Mapping[str, Any]) -> Conversation:
    """Return the conversation of an OpenAI-shaped body; what no other dialect knows is left out."""
    longest = body.get("max_tokens", body.get("max_completion_tokens"))
    return Conversation(
        messages=as_objects(body.get("messages")),
        tools=as_objects(body.get("tools")),
        tool_choice=body.get("tool_choice"),
        temperature=_number(body.get("temperature")),
        top_p=_number(body.get("top_p")),
        max_tokens=longest if isinstance(longest, int) and longest > 0 else None,
    )


async def complete_translated(
    stream: Stream, clock: Clock, call: SupplierCall, body: Mapping[str, Any]
) -> bytes:
    """Return the whole reply as one `chat.completion`; raise SupplierError."""
    writer = _Writer(call, clock)
    texts: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    finish, usage = "stop", None
    async with aclosing(_opened(stream, call, body)) as deltas:
        async for delta in deltas:
            texts.append(delta.text)
            writer.collect(delta.tools, calls)
            finish = _FINISH.get(delta.finish_reason, delta.finish_reason) or finish
            usage = delta.usage or usage
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
    if calls:
        message["tool_calls"] = [
            {"id": one["id"], "type": "function", "function": one["function"]}
            for _, one in sorted(calls.items())
        ]
    choice = {"index": 0, "message": message, "finish_reason": finish}
    whole = writer.head("chat.completion") | {"choices": [choice]}
    return orjson.dumps(whole | ({"usage": _usage(usage)} if usage else {}))


async def stream_translated(
    stream: Stream, clock: Clock, call: SupplierCall, body: Mapping[str, Any]
) -> AsyncIterator[bytes]:
    """Yield the reply as `chat.completion.chunk` events and the closing [DONE]."""
    writer = _Writer(call, clock)
    wants_usage = bool(as_object(body.get("stream_options")).get("include_usage"))
    yield writer.event({"role": "assistant", "content": ""})
    finish, usage = "stop", None
    async with aclosing(_opened(stream, call, body)) as deltas:
        async for delta in deltas:
            if values := writer.values(delta):
                yield writer.event(values)
            finish = _FINISH.get(delta.finish_reason, delta.finish_reason) or finish
            usage = delta.usage or usage
    yield writer.event({}, finish)
    if wants_usage and usage:
        yield writer.frame({"choices": [], "usage": _usage(usage)})
    yield _DONE


def _opened(
    stream: Stream, call: SupplierCall, body: Mapping[str, Any]
) -> AsyncGenerator[Delta, None]:
    asked = SupplierCall(
        base_url=call.base_url,
        protocol=call.protocol,
        model=call.model,
        conversation=conversation_of(body),
        api_key=call.api_key,
        timeout_s=call.timeout_s,
        request_id=call.request_id,
        allows_local=call.allows_local,
    )
    return cast("AsyncGenerator[Delta, None]", stream(asked))


@dataclass(slots=True)
class _Writer:
    """The parts every object of one reply shares, and the numbering of its tool calls."""

    call: SupplierCall
    clock: Clock
    _numbers: dict[int, int] = field(default_factory=dict[int, int])

    def head(self, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.call.request_id}",
            "object": kind,
            "created": int(self.clock.now().timestamp()),
            "model": self.call.model,
        }

    def frame(self, values: Mapping[str, Any]) -> bytes:
        return b"data: " + orjson.dumps(self.head("chat.completion.chunk") | dict(values)) + b"\n\n"

    def event(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        return self.frame({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def values(self, delta: Delta) -> dict[str, Any]:
        values: dict[str, Any] = {"content": delta.text} if delta.text else {}
        if delta.tools:
            values["tool_calls"] = [self._tool(piece) for piece in delta.tools]
        return values

    def collect(self, pieces: tuple[ToolPiece, ...], calls: dict[int, dict[str, Any]]) -> None:
        """Join the pieces of each tool call."""
        for piece in pieces:
            start: dict[str, Any] = {
                "id": piece.id,
                "function": {"name": piece.name, "arguments": ""},
            }
            calls.setdefault(piece.number, start)["function"]["arguments"] += piece.arguments

    def _tool(self, piece: ToolPiece) -> dict[str, Any]:
        number = self._numbers.setdefault(piece.number, len(self._numbers))
        function = {"arguments": piece.arguments}
        if not piece.name:
            return {"index": number, "function": function}
        named = {"name": piece.name, **function}
        return {"index": number, "id": piece.id, "type": "function", "function": named}


def _usage(usage: Usage) -> dict[str, int | None]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
