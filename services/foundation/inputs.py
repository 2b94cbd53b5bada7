"""Pure: read what an operator or a client typed; every refusal names its field."""

from collections.abc import Collection
from typing import Any

from services.foundation.errors import InputError


def plain_text(value: Any, field: str, longest: int, *, needed: bool = False) -> str:
    """Return the text without blanks at its ends; raise InputError."""
    if not isinstance(value, str):
        raise InputError("Must be a text", field=field)
    text = value.strip()
    if needed and not text:
        raise InputError("Must not be empty", field=field)
    if len(text) > longest:
        raise InputError("At most {longest} characters", field=field, longest=longest)
    if any((ch < " " and ch not in "\n\t\r") or "\ud800" <= ch <= "\udfff" for ch in text):
        raise InputError("Must not contain control characters", field=field)
    return text


def whole_number(value: Any, field: str, low: int, high: int) -> int:
    """Return the number; raise InputError when it is none or outside of its range."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(
            "Must be a whole number from {low} to {high}", field=field, low=low, high=high
        )
    return value


def free_name(value: Any, taken: Collection[str], longest: int) -> str:
    """Return the name; raise InputError at `name` when it is empty, too long or taken."""
    name = plain_text(value, "name", longest, needed=True)
    if name.casefold() in {other.casefold() for other in taken}:
        raise InputError("There is one called {name} already", field="name", name=name)
    return name


def copy_name(name: str, taken: Collection[str], longest: int) -> str:
    """Return the first free name of the form `name (2)`."""
    known = {other.casefold() for other in taken}
    number = 2
    while True:  # ends: one of n + 1 names is free among n
        tail = f" ({number})"
        found = name[: longest - len(tail)] + tail
        if found.casefold() not in known:
            return found
        number += 1
