"""Pure: JSONSeq events out of JSON lines."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

Event = tuple[str, dict[str, Any]]
LINE_MAX = 65_536
QUERIES_MAX = 5
QUERY_MAX = 80
_EMPTY_EVENTS = ("thinking_start", "thinking_end", "final_end")


class LinesSource:
    """One object a line; `event` names it; broken lines and unknown events are passed over."""

    def __init__(self) -> None:
        """Start before the first line."""
        self._line = ""

    def feed(self, text: str) -> Iterator[Event]:
        """Yield the events of every complete line."""
        lines = (self._line + text).split("\n")
        self._line = lines.pop()
        for line in lines:
            yield from read_line(line)
        self._line = self._line[: LINE_MAX + 1]  # one too long stays too long, and is passed over

    def finish(self) -> Iterator[Event]:
        """Yield the event of a last line without an end."""
        line, self._line = self._line, ""
        yield from read_line(line)


def read_line(line: str) -> Iterator[Event]:
    """Yield the event a line stands for, with the data of the contract, or nothing."""
    line = line.strip()
    if not line.startswith("{") or len(line) > LINE_MAX:
        return
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict):
        yield from _event(cast("dict[str, Any]", value))


def _event(value: Mapping[str, Any]) -> Iterator[Event]:
    name = value.get("event")
    inner: object = value.get("data")
    data = cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else value
    if name in _EMPTY_EVENTS:
        yield str(name), {}
    elif name in ("serp_summary", "final_delta"):
        if text := _text(data.get("text")):
            yield name, {"text": text}
    elif name == "phase_start":
        yield name, {"id": data.get("id"), "title": _text(data.get("title"))}
    elif name == "phase_delta":
        if text := _text(data.get("text")):
            yield name, {"id": data.get("id"), "text": text}
    elif name == "serp_queries":
        yield name, {"queries": clean_queries(data.get("queries"))}


def clean_queries(value: object) -> list[str]:
    """Return the queries trimmed, without doubles, at most 5 of at most 80 characters."""
    if not isinstance(value, list):
        return []
    items = cast("list[object]", value)
    trimmed = (item.strip()[:QUERY_MAX].strip() for item in items if isinstance(item, str))
    return list(dict.fromkeys(item for item in trimmed if item))[:QUERIES_MAX]


def _text(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode()  # a lone surrogate cannot travel
