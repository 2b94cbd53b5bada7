"""OpenAI raw: an OpenAI-shaped body to an OpenAI-compatible supplier and its bytes back."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from services.foundation.clock import Clock
from services.suppliers.exchange import ERROR_BODY_BYTES, deadlines_of
from services.suppliers.failures import KeyMask, from_status, from_wire
from services.suppliers.requests import dialect_url, request_headers
from services.suppliers.types import Dialect, SupplierCall, SupplierError
from services.wire.client import WireClient
from services.wire.types import WireError


async def complete_raw(
    wire: WireClient, clock: Clock, call: SupplierCall, body: Mapping[str, Any]
) -> bytes:
    """Return the body of a good answer, the key masked in it; raise SupplierError otherwise."""
    url, headers = _request(call)
    try:
        answer = await wire.request(
            "POST", url, headers, _dump(body, call.model), deadlines_of(call.timeout_s)
        )
    except WireError as error:
        raise from_wire(error) from None
    if answer.status != 200:
        raise from_status(
            answer.status, answer.headers, answer.body, key=call.api_key, now=clock.now()
        )
    key = call.api_key.encode()
    return answer.body.replace(key, b"***") if len(key) >= 8 and key in answer.body else answer.body


async def stream_raw(
    wire: WireClient, clock: Clock, call: SupplierCall, body: Mapping[str, Any]
) -> AsyncIterator[bytes]:
    """Yield the supplier's event bytes read by read, the key masked; raise SupplierError."""
    url, headers = _request(call)
    mask = KeyMask(call.api_key)
    payload = _dump(body, call.model)
    try:
        async with wire.stream(
            "POST", url, headers, payload, deadlines_of(call.timeout_s)
        ) as reply:
            if reply.status != 200:
                content = await reply.read(ERROR_BODY_BYTES)
                raise from_status(
                    reply.status, reply.headers, content, key=call.api_key, now=clock.now()
                )
            if "event-stream" not in reply.headers.get("content-type", ""):
                raise SupplierError("upstream_invalid_response", detail="not an event stream")
            async for chunk in reply.chunks():
                yield mask.feed_bytes(chunk.data)
    except WireError as error:
        raise from_wire(error) from None
    if rest := mask.flush():
        yield rest.encode("latin-1")


def _request(call: SupplierCall) -> tuple[str, dict[str, str]]:
    url = dialect_url(call.base_url, Dialect.OPENAI_CHAT, call.model)
    return url, request_headers(call.api_key, Dialect.OPENAI_CHAT, call.request_id)


def _dump(body: Mapping[str, Any], model: str) -> bytes:
    return orjson.dumps({**body, "model": model})
