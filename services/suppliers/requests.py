"""Requests: a call to path, headers and body, for every dialect."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

from services.suppliers.anthropic_shape import anthropic_body
from services.suppliers.types import Conversation, Dialect, SupplierCall, SupplierError

_OWN_VERSION = re.compile(r"/(?:v\d+[a-z0-9]*|openai)/?$")
_OPENAI_PATHS = {Dialect.OPENAI_CHAT: "/chat/completions", Dialect.OPENAI_RESPONSES: "/responses"}
ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to a supplier."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    tool_names: Mapping[str, str] = field(default_factory=dict[str, str])  # sent to the caller's


def outgoing(call: SupplierCall, dialect: Dialect) -> Outgoing:
    """Return the request of a conversation or a raw payload; raise SupplierError for neither."""
    tool_names: Mapping[str, str] = {}
    if call.payload is not None:
        values = payload_body(call.payload, dialect, call.model)
    elif call.conversation is None:
        raise SupplierError("upstream_error", detail="nothing to ask")
    elif dialect is Dialect.ANTHROPIC:
        values, tool_names = anthropic_body(call.conversation, call.model)
    else:
        values = openai_body(call.conversation, call.model)
    return Outgoing(
        url=dialect_url(call.base_url, dialect, call.model),
        headers=request_headers(call.api_key, dialect, call.request_id),
        body=_dump(values),
        tool_names=tool_names,
    )


def openai_body(conversation: Conversation, model: str) -> dict[str, Any]:
    """Return the body of a streamed chat completion; what is not set is not sent."""
    body: dict[str, Any] = {
        "model": model,
        "messages": list(conversation.messages),
        "stream": True,
    }
    for name in ("temperature", "top_p", "max_tokens"):
        if (value := getattr(conversation, name)) is not None:
            body[name] = value
    if conversation.tools:
        body["tools"] = list(conversation.tools)
        if conversation.tool_choice is not None:
            body["tool_choice"] = conversation.tool_choice
    return body


def payload_body(payload: Mapping[str, Any], dialect: Dialect, model: str) -> dict[str, Any]:
    """Return the payload with `model` overwritten and `stream` forced, except for gemini."""
    if dialect is Dialect.GEMINI:
        return dict(payload)
    return {**payload, "model": model, "stream": True}


@lru_cache(maxsize=512)
def dialect_url(base_url: str, dialect: Dialect, model: str) -> str:
    """Return the address of a dialect; a base that ends in its own version keeps it."""
    base = base_url.rstrip("/")
    if dialect is Dialect.GEMINI:
        root = base if _OWN_VERSION.search(base) else f"{base}/v1beta"
        return f"{root}/models/{quote(model, safe='')}:streamGenerateContent?alt=sse"
    root = versioned(base)
    if dialect is Dialect.ANTHROPIC:
        return f"{root}/messages"
    return f"{root}{_OPENAI_PATHS[dialect]}"


def versioned(base_url: str) -> str:
    """Return the base with /v1, unless it ends in a version of its own (/v4, /v1beta/openai)."""
    base = base_url.rstrip("/")
    return base if _OWN_VERSION.search(base) else f"{base}/v1"


def request_headers(api_key: str, dialect: Dialect, request_id: str = "") -> dict[str, str]:
    """Return the headers of a request: the key where the dialect wants it, nothing foreign."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
    if dialect is Dialect.ANTHROPIC:
        headers["anthropic-version"] = ANTHROPIC_VERSION
    if api_key:
        headers.update(_key_header(api_key, dialect))
    if request_id and request_id.isascii() and request_id.isprintable():
        headers["X-Request-Id"] = request_id
    return headers


def _key_header(api_key: str, dialect: Dialect) -> dict[str, str]:
    if dialect is Dialect.ANTHROPIC:
        return {"x-api-key": api_key}
    if dialect is Dialect.GEMINI:
        return {"x-goog-api-key": api_key}
    return {"Authorization": f"Bearer {api_key}"}


def _dump(values: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(values)
    except TypeError:  # a lone surrogate or an integer beyond 64 bits in what the client sent
        raise SupplierError("upstream_error", detail="the request is not valid JSON") from None
