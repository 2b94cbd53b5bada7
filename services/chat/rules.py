"""Read what a GymBro server says: its base address, error bodies, waits and lists."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

import orjson

from services.chat.types import ChatRequest
from services.foundation.redact import redact

MAX_WORD = 200
MAX_TEXT = 500
_PREFIX = "Value error, "


def normalise_api_base(text: str) -> str:
    """Return the base without trailing slashes, `/api/v1` appended when it is not there."""
    base = text.strip().rstrip("/")
    return base if base.endswith("/api/v1") else f"{base}/api/v1"


def read_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a body, or None when it is something else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def unwrap(value: Any) -> Any:
    """Return `data` of an envelope, or the value itself."""
    if not isinstance(value, dict):
        return value
    fields = cast(dict[str, Any], value)
    return fields.get("data", fields)


def read_error(body: bytes, secret: str = "") -> tuple[str, str]:
    """Return the server's machine word (empty when it has none) and its own words, redacted."""
    value = read_object(body)
    if value is None:
        return "", clean(body[: 4 * MAX_TEXT].decode("utf-8", "replace"), secret)
    word = _word(value)
    for name in ("message", "msg", "detail", "error", "hint"):
        text = value.get(name)
        if isinstance(text, str) and text.strip():
            return word, clean(text, secret)
    return word, clean(word, secret)


def _word(value: Mapping[str, Any]) -> str:
    code = value.get("code")
    if isinstance(code, str) and code.strip():
        return clean(code)[:MAX_WORD]
    detail = value.get("detail")
    items = cast(list[Any], detail) if isinstance(detail, list) else []
    first = cast(dict[str, Any], items[0]) if items and isinstance(items[0], dict) else {}
    text = first.get("msg")
    return clean(text.removeprefix(_PREFIX))[:MAX_WORD] if isinstance(text, str) else ""


def clean(text: str, secret: str = "") -> str:
    """Return foreign text fit to be kept: one line, no secret, up to 500 characters."""
    if not text:
        return ""
    known = (secret,) if secret else ()
    return redact(" ".join(text.replace("\x00", "\ufffd").split()), known)[:MAX_TEXT]


def read_retry_after(value: str, now: datetime) -> int | None:
    """Return the seconds a Retry-After header asks for, from a number or a date; None without."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    if not text:
        return None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=now.tzinfo)
    return max(0, round((at - now).total_seconds()))


def read_models(value: Any) -> dict[str, Mapping[str, Any]] | None:
    """Return the rows of a model list by key in order, each key once; None when it is no list."""
    rows = unwrap(value)
    if not isinstance(rows, list):
        return None
    models: dict[str, Mapping[str, Any]] = {}
    for row in cast(list[Any], rows):
        if not isinstance(row, dict):
            continue
        fields = cast(dict[str, Any], row)
        key = next((k for k in (fields.get("name"), fields.get("model")) if _is_key(k)), None)
        if key is not None:
            models.setdefault(key, fields)
    return models


def _is_key(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def body_of(request: ChatRequest) -> dict[str, Any]:
    """Return the body of the POST."""
    body: dict[str, Any] = {
        "model": request.model_key,
        "metadata": dict(request.metadata),
        "result_mode": request.result_mode,
        **request.parameters,
    }
    if "payload" not in request.parameters:  # payload mode takes no text beside it
        body["text"] = request.text
    if request.conversation_id is not None:
        body["conversation_id"] = request.conversation_id
    if request.tool_choice is not None:
        body["tool_choice"] = request.tool_choice
    return body


def read_ids(body: bytes) -> tuple[str, str] | None:
    """Return message and conversation of the answer to a POST, None when it does not name both."""
    value = read_object(body) or {}
    found = value if "message_id" in value else unwrap(value)
    fields = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    message_id, conversation_id = fields.get("message_id"), fields.get("conversation_id")
    if not _is_id(message_id) or not _is_id(conversation_id):
        return None
    return str(message_id), str(conversation_id)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200
