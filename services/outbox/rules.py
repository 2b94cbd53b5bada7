"""Pure: how long to wait after failures, and how a batch with a bad row is halved."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from services.foundation.messages import Message

BASE_S = 5.0
LONGEST_S = 900.0
BATCH = 500
MOST_ATTEMPTS = 3  # refusals of one row before it is put aside
MOST_REFUSED = 5_000  # rows refused in one flush; the rest waits for the next
EVERY = "*"  # a stop that holds for every kind
T = TypeVar("T")


def wait_s(failures: int, chance: float, retry_after_s: float | None = None) -> float:
    """Return the seconds until the next try: full jitter under a doubling roof of 15 minutes.

    `chance` is from 0 to 1. A server's own wish is kept at least.
    """
    roof = min(LONGEST_S, BASE_S * 2 ** min(failures - 1, 20))
    return max(roof * chance, retry_after_s or 0.0, 0.5)


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Return both halves, the first not smaller."""
    middle = (len(items) + 1) // 2
    return items[:middle], items[middle:]


def as_json(message: Message) -> dict[str, Any]:
    """Return the message as it is stored."""
    params = {
        name: value if isinstance(value, str | int | float | bool) else str(value)
        for name, value in message.params.items()
    }
    return {"text": message.text, "params": params}


def from_json(value: Mapping[str, Any] | None) -> Message | None:
    """Return the stored message, or None."""
    if not value:
        return None
    params = value.get("params")
    known = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
    return Message(str(value.get("text", "")), known)
