"""Failures: what went wrong at a supplier, in the words of contract 3.4, without key or address."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from services.foundation.redact import redact
from services.suppliers.types import SupplierError
from services.wire.types import WireError, WireErrorKind

_DETAIL_LENGTH = 200
_MAX_RETRY_AFTER_S = 86_400
_ADDRESS = re.compile(r"(?i)\b(?:https?|wss?)://[^\s\"'<>)]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_UNREACHABLE = {WireErrorKind.UNREACHABLE, WireErrorKind.REFUSED, WireErrorKind.FORBIDDEN}
_INVALID = {WireErrorKind.TOO_LARGE, WireErrorKind.MALFORMED}


def from_wire(error: WireError) -> SupplierError:
    """Return the contract's word for a failed exchange."""
    if error.kind is WireErrorKind.TIMEOUT:
        return SupplierError("upstream_timeout", detail=error.detail)
    if error.kind in _UNREACHABLE:
        return SupplierError("upstream_unreachable", detail=error.detail)
    if error.kind in _INVALID:
        return SupplierError("upstream_invalid_response", detail=error.detail)
    return SupplierError("upstream_error", detail=error.detail)


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, *, key: str, now: datetime
) -> SupplierError:
    """Return upstream_http_<status> with what the body says and the wait the supplier asked for."""
    return SupplierError(
        f"upstream_http_{status}",
        status=status,
        detail=short_detail(error_text(body, headers.get("content-type", "")), key),
        retry_after_s=retry_after(headers.get("retry-after", ""), now),
    )


def error_text(body: bytes, content_type: str = "") -> str:
    """Return the sentence in an error body, empty when it holds none a person could use."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        if "html" in content_type.lower() or body.lstrip()[:1] == b"<":
            return ""
        return body.decode("utf-8", "replace")
    return said(parsed)


def said(parsed: Any) -> str:
    """Return the sentence of an already parsed error in any of the usual shapes."""
    if isinstance(parsed, list) and parsed:
        return said(parsed[0])  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(parsed, str):
        return parsed
    if not isinstance(parsed, dict):
        return ""
    for name in ("error", "message", "detail", "msg", "error_description"):
        if value := parsed.get(name):  # pyright: ignore[reportUnknownVariableType]
            return said(value)
    return ""


def short_detail(text: str, key: str) -> str:
    """Return at most 200 characters of the text without key, address or control characters."""
    if key:
        text = text.replace(key, "***")
    text = _ADDRESS.sub("(address)", redact(text, (key,)))
    return _CONTROL.sub(" ", text).strip()[:_DETAIL_LENGTH]


def retry_after(value: str, now: datetime) -> int:
    """Return the seconds of a Retry-After header (number or date), 0 when there is none."""
    value = value.strip()
    if not value:
        return 0
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), _MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(value)
        seconds = (at - now).total_seconds()
    except (TypeError, ValueError):
        return 0
    return max(0, min(int(seconds + 0.999), _MAX_RETRY_AFTER_S))


class KeyMask:
    """Replaces the key in a text that arrives in pieces; holds back only what may be its start."""

    def __init__(self, key: str) -> None:
        """Watch for this key; one shorter than 8 characters is not watched for."""
        self._key = key if len(key) >= 8 else ""
        self._raw = self._key.encode("latin-1", "replace")
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what may be passed on now."""
        key = self._key
        if not key or not (self._held or key[0] in text):
            return text
        text = (self._held + text).replace(key, "***")
        held = _overlap(text, key)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def feed_bytes(self, data: bytes) -> bytes:
        """Return the bytes that may be passed on now; nearly always these very ones."""
        raw = self._raw
        if not raw or not (self._held or raw in data or data[-1:] in raw):
            return data
        # latin-1 maps every byte to one character and back: a key is ASCII
        return self.feed(data.decode("latin-1")).encode("latin-1")

    def flush(self) -> str:
        """Return what was held back, at the end."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, key: str) -> int:
    """Return how many characters at the end of the text are a beginning of the key."""
    if text[-1:] not in key:
        return 0
    for size in range(min(len(key) - 1, len(text)), 0, -1):
        if text.endswith(key[:size]):
            return size
    return 0
