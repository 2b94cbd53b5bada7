"""JSONSeq v1: the base reasons in order of test, the first decides; strict ones are notes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from services.chat.structured import INVALID, join_text
from services.chat.types import Outcome, Reply
from services.checks.findings import bad_structure, good, not_judged, quote
from services.checks.jsonseq_strict import find_strict_reasons
from services.checks.thinkingml_text import PARSING_ERROR
from services.checks.types import Finding, Limits, ReplyCheck
from services.foundation.messages import Message, say

Events = Sequence[tuple[str, Mapping[str, Any]]]
Fault = tuple[str, int | None]  # reason and the number of the event

_REQUIRED = ("thinking_start", "thinking_end", "final_delta", "final_end")
_MAX_QUERIES = 5
_MAX_QUERY_CHARACTERS = 80


def look(reply: Reply, limits: Limits) -> Finding:
    """Judge the events of a completed reply; strict reasons are notes unless `limits.strict`."""
    if reply.outcome is not Outcome.COMPLETED:
        return not_judged("not_completed", say("a reply that came to its end"), reply.outcome.value)
    return judge(reply.structured, strict=limits.strict)


CHECK = ReplyCheck(name="jsonseq", label="JSONSeq structure", look=look)


def judge(events: Events, *, strict: bool = False) -> Finding:
    """Return the verdict on the events; `at` is an offset in their joined text."""
    fault = _first_fault(events)
    strict_faults = find_strict_reasons(events)
    notes = tuple(dict.fromkeys(reason for reason, _ in strict_faults))
    if fault is None and strict and strict_faults:
        fault = strict_faults[0]
    if fault is None:
        return good(say("all JSONSeq rules"), say("all hold"), notes=notes)
    reason, number = fault
    at = None if number is None else join_text(events)[1][number]
    return bad_structure(reason, _expected(reason), _actual(events, number), at=at, notes=notes)


def _actual(events: Events, number: int | None) -> str:
    if number is None:
        names = dict.fromkeys(name for name, _ in events)
        return ", ".join(names) or "–"
    name, data = events[number]
    return quote(f"#{number + 1} {name} {dict(data)}")


def _first_fault(events: Events) -> Fault | None:
    for rule in (_parts, _order, _phases, _final, _queries):
        fault = rule(events)
        if fault is not None:
            return fault
    return None


def _first(events: Events, name: str) -> int:
    return next((at for at, event in enumerate(events) if event[0] == name), -1)


def _parts(events: Events) -> Fault | None:
    if not events:
        return "empty_events", None
    for name in _REQUIRED:
        if _first(events, name) < 0:
            return f"missing_{name}", None
    return None


def _order(events: Events) -> Fault | None:
    final = _first(events, "final_delta")
    if _first(events, "thinking_end") > final:
        return "invalid_sequence_thinking_end_after_final_delta", final
    ended = _first(events, "final_end")
    if ended < final:
        return "invalid_sequence_final_end_before_final_delta", ended
    return None


def _phases(events: Events) -> Fault | None:
    last = 0
    for at, (name, data) in enumerate(events):
        reason = None
        if name == "phase_start":
            reason = _phase_start(data, last)
            last += 1
        elif name == "phase_delta":
            reason = _phase_delta(data, last)
        if reason is not None:
            return reason, at
    return None if last else ("missing_phase_start", None)


def _phase_start(data: Mapping[str, Any], last: int) -> str | None:
    if INVALID in data:
        return "phase_start_invalid_data"
    number, title = data.get("id"), data.get("title")
    if type(number) is not int:
        return "phase_start_invalid_id"
    if number != last + 1:
        return "phase_id_not_strict_increment"
    return None if isinstance(title, str) and title.strip() else "phase_title_missing"


def _phase_delta(data: Mapping[str, Any], last: int) -> str | None:
    if INVALID in data:
        return "phase_delta_invalid_data"
    number, text = data.get("id"), data.get("text")
    if type(number) is not int:
        return "phase_delta_invalid_id"
    if not isinstance(text, str) or not text:
        return "phase_delta_empty_text"
    return None if 1 <= number <= last else "phase_delta_id_out_of_range"


def _final(events: Events) -> Fault | None:
    pieces = [data.get("text") for name, data in events if name == "final_delta"]
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    at = _first(events, "final_delta")
    if not text.strip():
        return "final_delta_empty", at
    return ("parsing_error_marker", at) if PARSING_ERROR in text else None


def _queries(events: Events) -> Fault | None:
    for at, (name, data) in enumerate(events):
        reason = _queries_reason(data) if name == "serp_queries" else None
        if reason is not None:
            return reason, at
    return None


def _queries_reason(data: Mapping[str, Any]) -> str | None:
    if INVALID in data:
        return "serp_queries_invalid_data"
    value = data.get("queries")
    if not isinstance(value, list):
        return "serp_queries_not_array"
    queries = cast(list[Any], value)
    for reason, holds in _QUERY_RULES:
        if not holds(queries):
            return reason
    return None


_QUERY_RULES: tuple[tuple[str, Callable[[list[Any]], bool]], ...] = (
    ("serp_queries_too_many", lambda queries: len(queries) <= _MAX_QUERIES),
    ("serp_queries_item_not_string", lambda queries: all(isinstance(q, str) for q in queries)),
    (
        "serp_queries_item_too_long",
        lambda queries: all(len(q) <= _MAX_QUERY_CHARACTERS for q in queries),
    ),
    ("serp_queries_not_deduped", lambda queries: len(set(queries)) == len(queries)),
)


def _expected(reason: str) -> Message:
    for start, sentence in _EXPECTED:
        if reason.startswith(start):
            return sentence
    return say("the JSONSeq order of events")


_EXPECTED = (
    ("empty_events", say("JSONSeq events")),
    ("missing_", say("thinking_start, phase_start, thinking_end, final_delta and final_end")),
    ("phase_id_not_strict", say("phase ids 1, 2, 3 and so on")),
    ("phase_start_invalid", say("phase_start with a whole number as id")),
    ("phase_title", say("a title with text")),
    ("phase_delta_", say("phase_delta with the id of a phase and text")),
    ("final_delta_empty", say("final text")),
    ("parsing_error", say("a reply, not the parsing error marker")),
    ("serp_queries_", say("at most 5 different search queries of at most 80 characters")),
    ("serp_summary_", say("one serp_summary of plain text before thinking_start")),
)
