"""JSONSeq v1 events joined into the text a reader sees."""

from collections.abc import Mapping, Sequence
from typing import Any

EVENT_NAMES = frozenset(
    {
        "serp_summary",
        "thinking_start",
        "phase_start",
        "phase_delta",
        "thinking_end",
        "final_delta",
        "serp_queries",
        "final_end",
    }
)
INVALID = "$invalid"  # key under which data that is not an object is kept
_BREAK = "\n\n"


def join_text(events: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, list[int]]:
    """Return phase and final texts joined, blank lines between, and where each event's text begins."""
    parts: list[str] = []
    offsets: list[int] = []
    length = 0
    last: object = None
    for name, data in events:
        piece = text_of(name, data)
        group = (name, data.get("id")) if name == "phase_delta" else name
        if piece and last is not None and group != last:
            parts.append(_BREAK)
            length += len(_BREAK)
        offsets.append(length)
        if piece:
            parts.append(piece)
            length += len(piece)
            last = group
    return "".join(parts), offsets


def text_of(name: str, data: Mapping[str, Any]) -> str:
    """Return the text an event adds to the reply: phase and final pieces only."""
    if name not in ("phase_delta", "final_delta"):
        return ""
    text = data.get("text")
    return text if isinstance(text, str) else ""


def visible_text_of(name: str, data: Mapping[str, Any]) -> str:
    """Return what of an event a reader of the app sees, titles and summaries too."""
    value = data.get("title" if name == "phase_start" else "text")
    return value if name in EVENT_NAMES and isinstance(value, str) else ""
