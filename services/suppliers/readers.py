"""Readers: one supplier event to one Delta, for every dialect; they hold no socket."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from services.suppliers.failures import said
from services.suppliers.json_values import (
    Json,
    as_count,
    as_object,
    as_objects,
    as_text,
    first_object,
    part_texts,
)
from services.suppliers.types import Delta, Dialect, SupplierError, ToolPiece, Usage


class Reader(Protocol):
    """Understands the events of one dialect; knows afterwards whether the reply was whole."""

    is_whole: bool  # the dialect's own end was seen

    def read(self, name: str, event: Json) -> Delta:
        """Return what the event brings; raise SupplierError when it is an error."""
        ...

    def check_end(self) -> None:
        """Raise SupplierError when a reply that ended is not usable."""
        ...


class OpenAiChatReader:
    """Chunks of `chat.completion.chunk`, or one whole `chat.completion`."""

    def __init__(self) -> None:
        """Start before the first chunk."""
        self.is_whole = False
        self._has_choices = False
        self._has_text = False
        self._has_function_call = False

    def read(self, name: str, event: Json) -> Delta:
        """Return content and reasoning as text, tool names, finish reason and usage."""
        if name == "error" or event.get("error"):
            raise _error_event(event)
        usage = read_usage(event.get("usage"), "prompt_tokens", "completion_tokens")
        choice = first_object(event.get("choices"))
        if not choice:
            return Delta(usage=usage)
        self._has_choices = True
        part = as_object(choice.get("delta")) or as_object(choice.get("message"))
        text = as_text(part.get("reasoning_content")) or as_text(part.get("reasoning"))
        text += part_texts(part.get("content"))
        self._has_text = self._has_text or bool(text)
        tools = tuple(
            tool
            for call in as_objects(part.get("tool_calls"))
            if (tool := as_text(as_object(call.get("function")).get("name")))
        )
        self._has_function_call = self._has_function_call or bool(part.get("function_call"))
        finish = as_text(choice.get("finish_reason"))
        self.is_whole = self.is_whole or bool(finish)
        return Delta(text=text, tool_names=tools, finish_reason=finish, usage=usage)

    def check_end(self) -> None:
        """Refuse a reply without any choice, and one that is only a legacy function call."""
        if not self._has_choices:
            raise SupplierError("upstream_empty_choices")
        if self._has_function_call and not self._has_text:
            raise SupplierError("function_call_not_supported")


class AnthropicReader:
    """The events of a `messages` stream, or one whole `message`."""

    def __init__(self, tool_names: Mapping[str, str] | None = None) -> None:
        """Start before the first event; `tool_names` maps sent tool names to the caller's own."""
        self.is_whole = False
        self._tool_names = tool_names or {}
        self._prompt_tokens: int | None = None

    def read(self, name: str, event: Json) -> Delta:
        """Return text and thinking deltas as text, tool names, stop reason and usage."""
        kind = as_text(event.get("type")) or name
        if kind == "error" or event.get("error"):
            raise _error_event(event)
        if kind == "content_block_delta":
            return self._piece(event)
        if kind == "content_block_start":
            return self._block(as_object(event.get("content_block")), _index(event))
        if kind == "message_start":
            usage = as_object(as_object(event.get("message")).get("usage"))
            self._prompt_tokens = as_count(usage.get("input_tokens"))
        elif kind == "message_delta":
            finish = as_text(as_object(event.get("delta")).get("stop_reason"))
            return Delta(finish_reason=finish, usage=self._usage(as_object(event.get("usage"))))
        elif kind == "message":
            return self._whole(event)
        elif kind == "message_stop":
            self.is_whole = True
        return Delta()

    def check_end(self) -> None:
        """Accept every end: whether text is missing is the gateway's question."""

    def _piece(self, event: Json) -> Delta:
        part = as_object(event.get("delta"))
        if arguments := as_text(part.get("partial_json")):
            return Delta(tools=(ToolPiece(_index(event), "", "", arguments),))
        return Delta(text=as_text(part.get("text")) or as_text(part.get("thinking")))

    def _block(self, block: Json, index: int) -> Delta:
        text = as_text(block.get("text")) or as_text(block.get("thinking"))
        name = as_text(block.get("name"))
        if block.get("type") != "tool_use" or not name:
            return Delta(text=text)
        known = self._tool_names.get(name, name)
        asked = as_object(block.get("input"))
        arguments = orjson.dumps(asked).decode() if asked else ""
        piece = ToolPiece(index, as_text(block.get("id")), known, arguments)
        return Delta(text=text, tool_names=(known,), tools=(piece,))

    def _whole(self, event: Json) -> Delta:
        self.is_whole = True
        parts = as_objects(event.get("content"))
        blocks = [self._block(block, index) for index, block in enumerate(parts)]
        usage = as_object(event.get("usage"))
        self._prompt_tokens = as_count(usage.get("input_tokens"))
        return Delta(
            text="".join(block.text for block in blocks),
            tool_names=tuple(name for block in blocks for name in block.tool_names),
            tools=tuple(piece for block in blocks for piece in block.tools),
            finish_reason=as_text(event.get("stop_reason")),
            usage=self._usage(usage),
        )

    def _usage(self, usage: Json) -> Usage | None:
        completion = as_count(usage.get("output_tokens"))
        if completion is None:
            return None
        prompt = self._prompt_tokens
        return Usage(prompt, completion, None if prompt is None else prompt + completion)


class OpenAiResponsesReader:
    """The events of a `responses` stream (payload mode)."""

    def __init__(self) -> None:
        """Start before the first event."""
        self.is_whole = False

    def read(self, name: str, event: Json) -> Delta:
        """Return output and reasoning text, function names, the end and usage."""
        kind = as_text(event.get("type")) or name
        if kind in ("error", "response.failed"):
            raise _error_event(as_object(event.get("response")) or event)
        if kind.endswith("_text.delta"):
            return Delta(text=as_text(event.get("delta")))
        if kind == "response.output_item.added":
            item = as_object(event.get("item"))
            called = as_text(item.get("name")) if item.get("type") == "function_call" else ""
            return Delta(tool_names=(called,) if called else ())
        if kind in ("response.completed", "response.incomplete"):
            self.is_whole = True
            reply = as_object(event.get("response"))
            usage = read_usage(reply.get("usage"), "input_tokens", "output_tokens")
            return Delta(finish_reason=as_text(reply.get("status")) or "completed", usage=usage)
        return Delta()

    def check_end(self) -> None:
        """Accept every end: whether text is missing is the gateway's question."""


class GeminiReader:
    """The chunks of `streamGenerateContent` (payload mode)."""

    def __init__(self) -> None:
        """Start before the first chunk."""
        self.is_whole = False

    def read(self, name: str, event: Json) -> Delta:
        """Return the text of all parts, function names, finish reason and usage."""
        if name == "error" or event.get("error"):
            raise _error_event(event)
        usage = read_usage(event.get("usageMetadata"), "promptTokenCount", "candidatesTokenCount")
        candidate = first_object(event.get("candidates"))
        parts = as_objects(as_object(candidate.get("content")).get("parts"))
        finish = as_text(candidate.get("finishReason"))
        self.is_whole = self.is_whole or bool(finish)
        return Delta(
            text="".join(as_text(part.get("text")) for part in parts),
            tool_names=tuple(
                called
                for part in parts
                if (called := as_text(as_object(part.get("functionCall")).get("name")))
            ),
            finish_reason=finish,
            usage=usage,
        )

    def check_end(self) -> None:
        """Accept every end: whether text is missing is the gateway's question."""


def reader_of(dialect: Dialect, tool_names: Mapping[str, str]) -> Reader:
    """Return a new reader of the dialect; `tool_names` maps sent tool names to the caller's own."""
    if dialect is Dialect.ANTHROPIC:
        return AnthropicReader(tool_names)
    readers: dict[Dialect, type[Reader]] = {
        Dialect.OPENAI_CHAT: OpenAiChatReader,
        Dialect.OPENAI_RESPONSES: OpenAiResponsesReader,
        Dialect.GEMINI: GeminiReader,
    }
    return readers[dialect]()


def read_usage(value: Any, prompt_name: str, completion_name: str) -> Usage | None:
    """Return the token counts of a usage object, None when there is none."""
    usage = as_object(value)
    if not usage:
        return None
    prompt, completion = as_count(usage.get(prompt_name)), as_count(usage.get(completion_name))
    total = as_count(usage.get("total_tokens", usage.get("totalTokenCount")))
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    return Usage(prompt, completion, total)


def _index(event: Json) -> int:
    return as_count(event.get("index")) or 0


_ERROR_STATUS = {"rate_limit_error": 429, "overloaded_error": 529, "authentication_error": 401}


def _error_event(event: Json) -> SupplierError:
    """Return the failure a supplier reports inside a stream that began with 200."""
    kind = as_text(as_object(event.get("error")).get("type"))
    return SupplierError("upstream_error", status=_ERROR_STATUS.get(kind), detail=said(event))
