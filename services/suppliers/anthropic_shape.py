"""Anthropic shape: OpenAI roles, tools and tool choice turned into a `messages` body."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.suppliers.json_values import Json, as_object, as_objects, part_texts
from services.suppliers.types import Conversation

DEFAULT_MAX_TOKENS = 1024
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,(.+)", re.DOTALL)
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


def anthropic_body(
    conversation: Conversation, model: str
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Return the body and which caller's tool name stands behind each sent one."""
    system = [m for m in conversation.messages if m.get("role") in ("system", "developer")]
    rest = [m for m in conversation.messages if m.get("role") not in ("system", "developer")]
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": conversation.max_tokens or DEFAULT_MAX_TOKENS,
        "stream": True,
        "messages": _merged([_message(message) for message in rest]),
    }
    if text := "\n\n".join(filter(None, (part_texts(m.get("content"), "\n") for m in system))):
        body["system"] = text
    for name in ("temperature", "top_p"):
        if (value := getattr(conversation, name)) is not None:
            body[name] = value
    tools = [tool for item in conversation.tools if (tool := _tool(item))]
    if tools:
        body["tools"] = tools
        if choice := _choice(conversation.tool_choice):
            body["tool_choice"] = choice
    names = [str(_function(item).get("name", "")) for item in conversation.tools]
    return body, {safe_name(name): name for name in names if name}


def safe_name(name: str) -> str:
    """Return the tool name as this API allows it: letters, digits, underscore and dash."""
    return _NOT_IN_A_NAME.sub("_", name)[:64]


def _message(message: Json) -> dict[str, Any]:
    role = message.get("role")
    content = message.get("content")
    if role == "tool":
        result = {
            "type": "tool_result",
            "tool_use_id": str(message.get("tool_call_id", "")),
            "content": part_texts(content, "\n"),
        }
        return {"role": "user", "content": [result]}
    blocks = _blocks(content)
    if role != "assistant":
        return {"role": "user", "content": blocks}
    return {"role": "assistant", "content": blocks + _uses(message.get("tool_calls"))}


def _merged(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with neighbours of one role joined; empty ones are left out."""
    merged: list[dict[str, Any]] = []
    for message in messages:
        if not message["content"]:
            continue
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1]["content"] = [*merged[-1]["content"], *message["content"]]
        else:
            merged.append(message)
    return merged


def _blocks(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    blocks: list[dict[str, Any]] = []
    for part in as_objects(content):
        if part.get("type") == "image_url":
            blocks.append(_image(part.get("image_url")))
        elif text := part.get("text"):
            blocks.append({"type": "text", "text": str(text)})
    return blocks


def _image(value: Any) -> dict[str, Any]:
    url = str(as_object(value).get("url", "")) if isinstance(value, dict) else str(value)
    if match := _DATA_URL.fullmatch(url):
        source = {"type": "base64", "media_type": match[1], "data": match[2]}
    else:
        source = {"type": "url", "url": url}
    return {"type": "image", "source": source}


def _uses(value: Any) -> list[dict[str, Any]]:
    uses: list[dict[str, Any]] = []
    for call in as_objects(value):
        function = as_object(call.get("function"))
        try:
            arguments = orjson.loads(function.get("arguments") or "{}")
        except orjson.JSONDecodeError:
            arguments = {}
        uses.append(
            {
                "type": "tool_use",
                "id": str(call.get("id", "")),
                "name": safe_name(str(function.get("name", ""))),
                "input": arguments if isinstance(arguments, dict) else {},
            }
        )
    return uses


def _tool(item: Json) -> dict[str, Any] | None:
    function = _function(item)
    if not function.get("name"):
        return None
    tool: dict[str, Any] = {
        "name": safe_name(str(function["name"])),
        "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
    }
    if description := function.get("description"):
        tool["description"] = description
    return tool


def _function(item: Json) -> Json:
    return as_object(item.get("function")) or item


def _choice(choice: Any) -> dict[str, Any] | None:
    if isinstance(choice, str):
        return {"type": _CHOICES[choice]} if choice in _CHOICES else None
    name = as_object(as_object(choice).get("function")).get("name") or as_object(choice).get("name")
    return {"type": "tool", "name": safe_name(str(name))} if name else None
