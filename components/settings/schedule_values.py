"""Schedule values: the choices the form offers, and what its controls hold as settings."""

from collections.abc import Mapping, Sequence
from datetime import time
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from components.words import tr, word
from services.settings.types import AnonMethod, ResultMode

RESULT_MODE_WORDS: Mapping[ResultMode, str] = {
    ResultMode.RAW_PASSTHROUGH: word("As the model wrote it"),
    ResultMode.XML_PLAINTEXT: word("Repaired while passing"),
    ResultMode.AUTO: word("Decided by the gateway"),
}
ANON_METHOD_WORDS: Mapping[AnonMethod, str] = {
    AnonMethod.AUTO: word("Native, else edge function"),
    AnonMethod.NATIVE: word("Native"),
    AnonMethod.EDGE: word("Edge function"),
}


@cache
def zone_names() -> Sequence[str]:
    """Return every zone this machine knows, without the historic and technical ones."""
    skipped = ("Etc/", "posix/", "right/", "SystemV/", "US/")
    names = {name for name in available_timezones() if "/" in name and not name.startswith(skipped)}
    return ("UTC", *sorted(names))


def read_time(text: object) -> time | None:
    """Return the time of day written as HH:MM, or None."""
    try:
        return time.fromisoformat(text) if isinstance(text, str) and len(text) == 5 else None
    except ValueError:
        return None


def choices(words: Mapping[Any, str]) -> dict[str, str]:
    """Return the stored words with their labels in the page's language."""
    return {str(key): tr(text) for key, text in words.items()}


def plain(value: Any) -> Any:
    """Return a control's value as a setting can be: whole numbers whole, an emptied one refusable."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "" if value is None else value
