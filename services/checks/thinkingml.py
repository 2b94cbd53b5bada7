"""ThinkingML v4.5: rules 1 to 27 in order, the first that fails decides."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from services.chat.types import Outcome, Reply
from services.checks.findings import bad_structure, good, not_judged, quote
from services.checks.thinkingml_strict import StrictFault, find_strict_faults
from services.checks.thinkingml_text import (
    PARSING_ERROR,
    PHASE_OPEN,
    Span,
    find_phases,
    find_queries,
    find_tags,
    inside,
)
from services.checks.types import Finding, Limits, ReplyCheck
from services.foundation.messages import Message, say

GOOD = say("all 27 ThinkingML rules")
ALL_HOLD = say("all hold")
ALLOWED_TAGS = frozenset({"think", "serp", "thinking", "phase", "title", "final"})
MAX_QUERIES = 5
MAX_QUERY_CHARACTERS = 80
_MAX_DIGITS = 18  # of a phase id; Python refuses to read thousands of digits


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found: reason word, what it wants, what is there, and where."""

    reason: str
    expected: Message
    actual: str
    at: int | None = None


def look(reply: Reply, limits: Limits) -> Finding:
    """Judge the text of a completed reply; strict reasons are notes unless `limits.strict`."""
    if reply.outcome is not Outcome.COMPLETED:
        return not_judged("not_completed", say("a reply that came to its end"), reply.outcome.value)
    return judge(reply.text, strict=limits.strict)


CHECK = ReplyCheck(name="thinkingml", label="ThinkingML structure", look=look)


def judge(reply_text: str, *, strict: bool = False) -> Finding:
    """Return the verdict on a text; offsets count from its own first character."""
    text = reply_text.strip()
    lead = len(reply_text) - len(reply_text.lstrip())
    fault = _first_fault(text)
    strict_faults = find_strict_faults(text)
    notes = tuple(dict.fromkeys(found.reason for found in strict_faults))
    if fault is None and strict:
        fault = _first_refuting(text, strict_faults)
    if fault is None:
        return good(GOOD, ALL_HOLD, notes=notes)
    at = None if fault.at is None else fault.at + lead
    return bad_structure(fault.reason, fault.expected, fault.actual, at=at, notes=notes)


def _first_refuting(text: str, faults: list[StrictFault]) -> Fault | None:
    for found in faults:
        if found.refutes:
            return Fault(found.reason, found.expected, quote(text, found.at or 0), found.at)
    return None


def _first_fault(text: str) -> Fault | None:
    for rule in _RULES:
        fault = rule(text)
        if fault is not None:
            return fault
    return None


def _rule_1_2(text: str) -> Fault | None:
    if not text:
        return Fault("empty_reply", say("a reply with text"), "–", 0)
    if text == PARSING_ERROR:
        return Fault("parsing_error_marker", say("a reply, not the parsing error marker"), text, 0)
    return None


def _rule_3_to_7(text: str) -> Fault | None:
    for name, least in (("thinking", 1), ("final", 1), ("serp", 0), ("think", 0)):
        opens, closes = text.count(f"<{name}>"), text.count(f"</{name}>")
        if not (least <= opens <= 1 and least <= closes <= 1):
            wanted = _COUNTS[name]
            there = f"{opens} × <{name}>, {closes} × </{name}>"
            return Fault(f"invalid_{name}_block_count", wanted, there, _second(text, name))
    # Rule 7, missing_required_blocks, cannot fail once rules 3 and 4 hold.
    return None


_COUNTS = {
    "thinking": say("exactly one <thinking> and one </thinking>"),
    "final": say("exactly one <final> and one </final>"),
    "serp": say("at most one <serp> and one </serp>"),
    "think": say("at most one <think> and one </think>"),
}


def _second(text: str, name: str) -> int | None:
    """Return where the tag occurs a second time, else where its lonely partner is."""
    places = [text.find(tag) for tag in (f"<{name}>", f"</{name}>")]
    for tag, first in zip((f"<{name}>", f"</{name}>"), places, strict=True):
        again = text.find(tag, first + 1) if first >= 0 else -1
        if again >= 0:
            return again
    return max(places) if max(places) >= 0 else None


def _rule_8_to_11(text: str) -> Fault | None:
    thinking, thinking_end = text.find("<thinking>"), text.find("</thinking>")
    final, final_end = text.find("<final>"), text.find("</final>")
    serp = text.find("<serp>")
    faults = (
        ("invalid_thinking_order", thinking > thinking_end, thinking_end),
        ("invalid_final_order", final > final_end, final_end),
        ("invalid_sequence_serp_thinking", serp > thinking, serp),
        ("invalid_sequence_thinking_final", thinking_end > final, final),
    )
    for reason, is_wrong, at in faults:
        if is_wrong:
            return Fault(reason, _ORDERS[reason], quote(text, at), at)
    return None


_ORDERS = {
    "invalid_thinking_order": say("<thinking> before </thinking>"),
    "invalid_final_order": say("<final> before </final>"),
    "invalid_sequence_serp_thinking": say("<serp> before <thinking>"),
    "invalid_sequence_thinking_final": say("</thinking> before <final>"),
}


def _rule_12(text: str) -> Fault | None:
    behind = text.find("</thinking>") + len("</thinking>")
    between = text[behind : text.find("<final>")]
    if not between.strip():
        return None
    at = behind + len(between) - len(between.lstrip())
    wanted = say("only white space between </thinking> and <final>")
    return Fault("final_not_immediately_after_thinking", wanted, quote(text, at), at)


def _rule_13(text: str) -> Fault | None:
    for tag in find_tags(text):
        if tag.name not in ALLOWED_TAGS:
            wanted = say("no tags but think, serp, thinking, phase, title, final")
            shown = quote(tag.span.of(text))
            return Fault(f"unexpected_tag:{tag.name}", wanted, shown, tag.span.start)
    return None


def _rule_14_to_17(text: str) -> Fault | None:
    thinking = inside(text, "thinking")
    if thinking is None:
        return Fault("missing_thinking_content", say("text inside <thinking>"), "–", None)
    previous = 0
    for found in PHASE_OPEN.finditer(text, thinking.start, thinking.end):
        number = int(found[1]) if len(found[1]) <= _MAX_DIGITS else -1
        if number != previous + 1:
            first = previous == 0
            reason = "phase_id_not_start_from_1" if first else "phase_id_not_strict_increment"
            wanted = (
                say("phase ids that start at 1") if first else say("phase ids that rise by one")
            )
            return Fault(reason, wanted, quote(found[0]), found.start())
        previous = number
    if previous == 0:
        wanted = say('at least one <phase id="N"> inside <thinking>')
        return Fault("missing_phase", wanted, quote(text, thinking.start), thinking.start)
    return None


def _rule_18_19(text: str) -> Fault | None:
    thinking = cast(Span, inside(text, "thinking"))
    opens = list(PHASE_OPEN.finditer(text, thinking.start, thinking.end))
    blocks = find_phases(text, thinking)
    if len(blocks) != len(opens):
        starts = {block.start for block in blocks}
        at = next((o.start() for o in opens if o.end() not in starts), None)
        there = f"{len(opens)} × <phase>, {len(blocks)} × </phase>"
        return Fault("phase_block_mismatch", say("each <phase> closed by </phase>"), there, at)
    for block in blocks:
        content = block.of(text)
        titles, ends = content.count("<title>"), content.count("</title>")
        if (titles, ends) != (1, 1):
            there = f"{titles} × <title>, {ends} × </title>"
            wanted = say("exactly one <title> and one </title> in each phase")
            return Fault("invalid_title_count_in_phase", wanted, there, block.start)
    return None


def _rule_20_to_27(text: str) -> Fault | None:
    final = inside(text, "final")
    if final is None:
        return Fault("missing_final_content", say("text inside <final>"), "–", None)
    found = find_queries(text, final)
    if found is None:
        wanted = say("<final> that ends with the <!-- <serp_queries> … --> comment")
        tail = final.of(text)[-80:]
        return Fault("missing_or_invalid_serp_queries_block", wanted, quote(tail), final.end)
    brackets = found[1]
    raw = brackets.of(text)
    try:
        queries: Any = json.loads(raw)
        as_text = [str(query) for query in queries] if isinstance(queries, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    except (ValueError, RecursionError):
        wanted = say("search queries that are JSON")
        return Fault("serp_queries_json_parse_error", wanted, quote(raw), brackets.start)
    reason = _queries_reason(queries, as_text)
    if reason is None:
        return None
    return Fault(reason, _QUERY_RULES[reason], quote(raw), brackets.start)


_QUERY_RULES = {
    "serp_queries_not_array": say("search queries that are a list"),
    "serp_queries_too_many": say("at most 5 search queries"),
    "serp_queries_not_deduped": say("no search query twice"),
    "serp_queries_item_not_string": say("search queries that are texts"),
    "serp_queries_item_too_long": say("search queries of at most 80 characters"),
}


def _queries_reason(queries: Any, as_text: list[str]) -> str | None:
    if not isinstance(queries, list):
        return "serp_queries_not_array"
    items = cast(list[Any], queries)
    if len(items) > MAX_QUERIES:
        return "serp_queries_too_many"
    if len(set(as_text)) != len(items):
        return "serp_queries_not_deduped"
    lengths = [len(item) if isinstance(item, str) else -1 for item in items]
    if -1 in lengths:
        return "serp_queries_item_not_string"
    return "serp_queries_item_too_long" if max(lengths, default=0) > MAX_QUERY_CHARACTERS else None


_RULES: tuple[Callable[[str], Fault | None], ...] = (
    _rule_1_2,
    _rule_3_to_7,
    _rule_8_to_11,
    _rule_12,
    _rule_13,
    _rule_14_to_17,
    _rule_18_19,
    _rule_20_to_27,
)
