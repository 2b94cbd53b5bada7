"""Pure: the secrets of a foreign file, masked wherever they stand in other cells."""

import json
from collections.abc import Iterable
from typing import Any, cast

from services.foundation.redact import redact
from services.imports.layout import is_secret_name

_MASK = "***"
_LEAST = 8  # characters; a shorter one stands in too many words
_NAMES = frozenset(  # masked, the row could not be told from others; none of them holds a secret
    {
        "email", "username", "supabase_user_id", "user_id", "user_type", "model", "model_key",
        "scope_key", "scope_type", "run_id", "message_id", "conversation_id", "request_id", "key",
        "default_model", "model_used", "created_at", "updated_at",
    }
)  # fmt: skip
_SAID = frozenset(  # what servers and programs said: anything that looks like a secret goes too
    {
        "last_error", "error_summary", "error", "error_message", "request_payload",
        "response_payload",
    }
)  # fmt: skip


class Scrubber:
    """Masks known values in text."""

    def __init__(self, values: Iterable[str]) -> None:
        """Take the values as they are, and as they stand in JSON."""
        known = {value for value in values if len(value) >= _LEAST}
        known |= {json.dumps(value)[1:-1] for value in known}
        known |= {json.dumps(value, ensure_ascii=False)[1:-1] for value in known}
        self._known = sorted(known, key=len, reverse=True)

    def cell(self, column: str, value: Any) -> Any:
        """Return the cell of that column without a secret in it."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if not isinstance(value, str) or column in _NAMES:
            return value
        text = self.text(value)
        return redact(text) if column in _SAID else text

    def text(self, text: str) -> str:
        """Return the text with every known value masked."""
        if len(text) < _LEAST:
            return text
        for value in self._known:
            if value in text:
                text = text.replace(value, _MASK)
        return text


def clean_json(value: Any) -> Any:
    """Return a parsed value in which every text is masked, and every field named as a secret."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [clean_json(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _field(name, one) for name, one in cast("dict[str, Any]", value).items()}
    return value


def _field(name: str, value: Any) -> Any:
    return _MASK if isinstance(value, str) and is_secret_name(name) else clean_json(value)
