"""JSON values out of foreign hands: each comes back in the type asked for, or empty."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

Json = Mapping[str, Any]
_NO_OBJECT: Json = {}


def as_object(value: Any) -> Json:
    """Return the object, an empty one for anything else."""
    return cast("Json", value) if isinstance(value, dict) else _NO_OBJECT


def as_objects(value: Any) -> Sequence[Json]:
    """Return the objects of a list, in order; nothing for anything else."""
    if not isinstance(value, list):
        return ()
    return [cast("Json", item) for item in cast("list[Any]", value) if isinstance(item, dict)]


def first_object(value: Any) -> Json:
    """Return the first object of a list, an empty one when there is none."""
    items = as_objects(value)
    return items[0] if items else _NO_OBJECT


def as_text(value: Any) -> str:
    """Return the text, an empty one for anything else."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int | None:
    """Return a whole number of at least 0, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def part_texts(content: Any, between: str = "") -> str:
    """Return a content that is a text or a list of parts with a `text`."""
    if isinstance(content, str):
        return content
    return between.join(text for part in as_objects(content) if (text := as_text(part.get("text"))))
