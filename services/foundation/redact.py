"""Mask tokens, keys, passwords and e-mail addresses in text and mappings."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_MASK = "***"
_PATTERNS = (
    re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.?[A-Za-z0-9_-]*"),
    re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{8,}"),
    re.compile(r"\bgbc_[A-Za-z0-9_-]{20,}"),  # our own tokens for programs
    re.compile(r"\bsb_(?:secret|publishable)_[A-Za-z0-9_-]{6,}"),
    re.compile(r"(?i)(?<=bearer )\s*[^\s\"',;]{6,}"),
)
_PAIR = re.compile(
    r"(?i)(\"?(?:api[_-]?key|apikey|password|secret|refresh_token|access_token|token|authorization)\"?"
    r"\s*[=:]\s*\"?)([^\s\"'&,;}]{4,})"
)
_USERINFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@]+@")
_BREAK = r"[ \t]*\r?\n[ \t]*"
_BREAKS = re.compile(_BREAK)
_LEAST = 6  # characters of a value that is looked for
_SECRET_FIELDS = re.compile(r"(?i)key|token|secret|password|authorization")


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Return the text with every known secret and everything that looks like one masked."""
    long = [value for value in known if len(value) >= _LEAST]
    for value in long:
        text = text.replace(value, _MASK)
    if "\n" in text:
        text = _mask_broken(text, long)
    for pattern in _PATTERNS:
        text = pattern.sub(_MASK, text)
    text = _PAIR.sub(rf"\g<1>{_MASK}", text)
    return _USERINFO.sub(rf"\g<1>{_MASK}@", text)


def _mask_broken(text: str, known: Iterable[str]) -> str:
    """Mask values that a line break cut in two or more; the rest of the text stays as it is."""
    joined = _BREAKS.sub("", text)
    for value in known:
        if value in joined:
            pattern = f"(?:{_BREAK})?".join(re.escape(one) for one in value)
            text = re.sub(pattern, _MASK, text)
    return text


def redact_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which values under secret-sounding names are masked, at any depth."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            out[name] = redact_fields(value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, str):
            out[name] = mask(value) if _SECRET_FIELDS.search(name) else redact(value)
        else:
            out[name] = value
    return out


def mask(secret: str) -> str:
    """Return first 4 + *** + last 4 characters; up to 8 characters all stars."""
    if len(secret) <= 8:
        return "*" * len(secret)
    return f"{secret[:4]}{_MASK}{secret[-4:]}"
