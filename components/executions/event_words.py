"""Event words: each line of a timeline as a sentence with its tone and shape."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from components.executions.rows import Kinds
from components.primitives.formats import duration_text, moment_text, zone_of
from components.status.looks import EXECUTION_LOOKS, look_props
from components.words import sentence, tr, word
from services.executions.types import EventKind, ExecutionEvent, ExecutionState
from services.foundation.messages import Message

WORDS: Mapping[str, str] = {
    EventKind.CREATED: word("Created"),
    EventKind.STARTED: word("Started"),
    EventKind.CHILD_STARTED: word("Part started: {execution_type}"),
    EventKind.CHILD_ENDED: word("Part ended: {status}"),
    EventKind.CANCEL_ASKED: word("Asked to end"),
    EventKind.CANCEL_FORCED: word("Ending it by force"),
    EventKind.CANCEL_ABANDONED: word("It does not end and is left to itself"),
    EventKind.EVENTS_CAPPED: word("Further events are not kept"),
    EventKind.ENDED: word("Ended: {status}"),
}
_TONES: Mapping[str, tuple[str, str]] = {  # tone and shape
    EventKind.STARTED: ("running", "ring"),
    EventKind.CHILD_STARTED: ("running", "ring"),
    EventKind.CANCEL_ASKED: ("slow", "slash"),
    EventKind.CANCEL_FORCED: ("structure", "slash"),
    EventKind.CANCEL_ABANDONED: ("failed", "bang"),
    EventKind.EVENTS_CAPPED: ("slow", "bang"),
}
_PLAIN = ("pending", "dash")


def event_lines(
    events: Sequence[ExecutionEvent], kinds: Kinds, zone: str, since: datetime | None
) -> list[dict[str, Any]]:
    """Return the events as the timeline shows them, with the time since `since`."""
    return [_line(event, kinds, zone, since) for event in events]


def _line(event: ExecutionEvent, kinds: Kinds, zone: str, since: datetime | None) -> dict[str, Any]:
    tone, shape = _look(event)
    passed = (event.at - since).total_seconds() * 1000 if since is not None else 0.0
    child = event.data.get("execution_id")
    is_part = event.kind in (EventKind.CHILD_STARTED, EventKind.CHILD_ENDED)
    return {
        "seq": event.seq,
        "text": event_text(event, kinds),
        "tone": tone,
        "shape": shape,
        "at": f"{event.at.astimezone(zone_of(zone)):%H:%M:%S}",
        "at_title": moment_text(event.at, zone),
        "passed": f"+{duration_text(max(0.0, passed))}" if since is not None else "",
        "href": f"/executions/{child}" if is_part and isinstance(child, str) else "",
    }


def event_text(event: ExecutionEvent, kinds: Kinds) -> str:
    """Return the sentence of one event; the work's own words stand for themselves."""
    known = WORDS.get(event.kind)
    if known is None:
        return sentence(event.message) if event.text else event.kind
    data = {
        **event.data,
        "status": _status_word(event.data.get("status")),
        "execution_type": _kind_word(event.data.get("execution_type"), kinds),
    }
    text = sentence(Message(known, data))
    by = event.data.get("by")
    return f"{text} · {by}" if isinstance(by, str) and by else text


def _status_word(status: object) -> str:
    try:
        return EXECUTION_LOOKS[ExecutionState(str(status))].label
    except ValueError:
        return str(status)


def _kind_word(name: object, kinds: Kinds) -> str:
    kind = kinds.get(str(name))
    return tr(kind.label) if kind is not None else str(name)


def _look(event: ExecutionEvent) -> tuple[str, str]:
    if event.kind in (EventKind.ENDED, EventKind.CHILD_ENDED):
        try:
            look = look_props(EXECUTION_LOOKS[ExecutionState(str(event.data.get("status")))])
        except ValueError:
            return _PLAIN
        return str(look["tone"]), str(look["shape"])
    return _TONES.get(event.kind, _PLAIN)
