"""Probe: is this endpoint up, does it take the key, which models does it list?"""

import re
from typing import Any, cast

import orjson

from services.foundation.clock import Clock
from services.suppliers.failures import error_text, from_wire, short_detail
from services.suppliers.json_values import as_object
from services.suppliers.requests import request_headers, versioned
from services.suppliers.types import Dialect, ProbeResult, ProbeState
from services.wire.client import WireClient
from services.wire.types import Deadlines, WireError, WireResponse

_MAX_MODELS = 2000
_MAX_NAME = 200
_EMBEDDING_STARTS = ("text-embedding-", "embedding-", "embed-", "voyage-")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NO_LIST = (404, 405, 501)


async def probe_endpoint(
    wire: WireClient, clock: Clock, *, base_url: str, protocol: str, api_key: str, timeout_s: float
) -> ProbeResult:
    """Return what a look at the endpoint's model list shows; never raises for the network."""
    dialect = Dialect.ANTHROPIC if protocol == "claude" else Dialect.OPENAI_CHAT
    headers = request_headers(api_key, dialect)
    deadlines = Deadlines(timeout_s, timeout_s, timeout_s, timeout_s)
    started = clock.monotonic()
    try:
        answer = await wire.request(
            "GET", f"{versioned(base_url)}/models", headers, deadlines=deadlines
        )
    except WireError as error:
        return ProbeResult(ProbeState.OFFLINE, _elapsed(clock, started), error=_words(error))
    latency_ms = _elapsed(clock, started)
    state = _state(answer.status)
    if state is ProbeState.ONLINE:
        return _listed(answer, latency_ms)
    said = short_detail(error_text(answer.body, answer.headers.get("content-type", "")), api_key)
    words = f"upstream_http_{answer.status}"
    return ProbeResult(state, latency_ms, error=f"{words}:{said}" if said else words)


def is_embedding(name: str) -> bool:
    """Return whether the name is that of an embedding model (contract 5.2)."""
    lowered = name.lower()
    return lowered.startswith(_EMBEDDING_STARTS) or "embedding" in lowered


def _state(status: int) -> ProbeState:
    if status == 200:
        return ProbeState.ONLINE
    if status in (401, 403):
        return ProbeState.SIGN_IN_FAILED
    return ProbeState.MODELS_NOT_LISTED if status in _NO_LIST else ProbeState.OFFLINE


def _listed(answer: WireResponse, latency_ms: int) -> ProbeResult:
    names = _names(answer.body)
    if names is None:
        return ProbeResult(
            ProbeState.MODELS_NOT_LISTED, latency_ms, error="upstream_invalid_response"
        )
    return ProbeResult(
        ProbeState.ONLINE,
        latency_ms,
        models=tuple(name for name in names if not is_embedding(name)),
        embedding_models=tuple(name for name in names if is_embedding(name)),
    )


def _names(body: bytes) -> list[str] | None:
    """Return the model names in the usual shapes, without doubles; None when it is no list."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    rows = parsed
    if isinstance(parsed, dict):
        mapping = as_object(cast("Any", parsed))
        rows = mapping.get("data", mapping.get("models"))
    if not isinstance(rows, list):
        return None
    found = (_name(row) for row in cast("list[Any]", rows)[:_MAX_MODELS])
    return list(dict.fromkeys(name for name in found if name))


def _name(row: Any) -> str:
    if isinstance(row, dict):
        mapping = as_object(cast("Any", row))
        row = mapping.get("id") or mapping.get("name") or mapping.get("model")
    if not isinstance(row, str):
        return ""
    name = _UNPRINTABLE.sub("", row).strip()
    return name if len(name) <= _MAX_NAME else ""


def _words(error: WireError) -> str:
    return str(from_wire(error))


def _elapsed(clock: Clock, started: float) -> int:
    return round((clock.monotonic() - started) * 1000)
