"""Demo supplier: real replies in the right structure without a model, and every way to misbehave."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from services.foundation.clock import Clock
from services.suppliers.demo_text import (
    DemoParts,
    broken_thinkingml,
    demo_parts,
    json_lines,
    pieces,
    seeded,
    thinkingml,
)
from services.suppliers.json_values import as_objects, part_texts
from services.suppliers.types import Delta, SupplierCall, SupplierError, Usage

DEMO_MODELS = (
    "demo-thinkingml",  # good
    "demo-fast",  # good, without pacing
    "demo-jsonseq",  # JSON lines of jsonseq_v1
    "demo-tools",  # good, and calls the first tool it is offered
    "demo-slow",  # good, but over the slow thresholds
    "demo-bad-structure",
    "demo-cut",  # the stream breaks in the middle
    "demo-empty",
    "demo-429",
    "demo-500",
    "demo-silent",  # never answers: runs into the endpoint's timeout
)
_RETRY_AFTER_S = 2
_PACING_S = 0.02
_SLOW_FIRST_S = 10.5  # over the 10 s of the slow threshold to the first text
_UNPACED = ("demo-fast",)


class DemoSupplier:
    """The supplier of protocol demo; its model names select the behaviour."""

    name = "demo"
    provider = "demo"

    def __init__(self, clock: Clock) -> None:
        """Pace with this clock; `pacing_s` may be changed at any time, 0 means no waiting at all."""
        self.pacing_s = _PACING_S
        self._clock = clock

    async def stream(self, call: SupplierCall) -> AsyncIterator[Delta]:
        """Yield the reply piece by piece; raise SupplierError."""
        text = asked_text(call)
        await self._misbehave(call)
        yield Delta(upstream_request_id=f"demo-{seeded(call.model, text).getrandbits(48):012x}")
        reply = reply_text(call.model, text)
        parts = pieces(reply, seeded(call.model, reply))
        for number, piece in enumerate(parts):
            if call.model == "demo-cut" and number >= len(parts) // 2:
                raise SupplierError("upstream_error", detail="the stream ended unfinished")
            await self._pace(call.model)
            yield Delta(text=piece)
        yield Delta(tool_names=_called_tools(call), finish_reason="stop", usage=_usage(text, reply))

    async def _misbehave(self, call: SupplierCall) -> None:
        if call.model == "demo-429":
            raise SupplierError(
                "upstream_http_429",
                status=429,
                detail="too many requests, on purpose",
                retry_after_s=_RETRY_AFTER_S,
            )
        if call.model == "demo-500":
            raise SupplierError("upstream_http_500", status=500, detail="failed on purpose")
        if call.model == "demo-silent":
            await self._clock.sleep(call.timeout_s if self.pacing_s else 0)
            raise SupplierError("upstream_timeout", detail="silent on purpose")
        if call.model == "demo-slow" and self.pacing_s:
            await self._clock.sleep(_SLOW_FIRST_S)

    async def _pace(self, model: str) -> None:
        if self.pacing_s and model not in _UNPACED:
            await self._clock.sleep(self.pacing_s)


def reply_text(model: str, text: str) -> str:
    """Return the whole reply of a demo model; unknown names answer like demo-thinkingml."""
    parts = demo_parts(model, text)
    special: dict[str, Callable[[DemoParts], str]] = {
        "demo-empty": lambda _: "",
        "demo-jsonseq": json_lines,
        "demo-bad-structure": lambda p: broken_thinkingml(p, seeded(model, text)),
    }
    return special.get(model, thinkingml)(parts)


def asked_text(call: SupplierCall) -> str:
    """Return the last thing a user said, in a conversation or in any dialect's payload."""
    if call.conversation is not None:
        return _last_said(list(call.conversation.messages))
    payload = call.payload or {}
    for name in ("messages", "input", "contents"):
        if text := _last_said(payload.get(name)):
            return text
    return ""


def _last_said(value: Any) -> str:
    if isinstance(value, str):
        return value
    said = [
        part_texts(message.get("content") or message.get("parts"), "\n")
        for message in as_objects(value)
        if _is_user(message)
    ]
    return said[-1] if said else ""


def _is_user(message: Mapping[str, Any]) -> bool:
    return message.get("role", "user") == "user"


def _called_tools(call: SupplierCall) -> tuple[str, ...]:
    if call.model != "demo-tools" or call.conversation is None:
        return ()
    for tool in call.conversation.tools:
        function = tool.get("function") or tool
        if name := function.get("name"):
            return (str(name),)
    return ()


def _usage(text: str, reply: str) -> Usage:
    """Return counts of the order a tokenizer would give: four bytes a token."""
    asked, answered = (max(1, len(part.encode("utf-8", "replace")) // 4) for part in (text, reply))
    return Usage(asked, answered, asked + answered)
