"""Strict ThinkingML reasons: what the ThinkingML text demands beyond rules 1 to 27."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from services.checks.sensitive import find_tag, has_sensitive
from services.checks.thinkingml_text import (
    PARSING_ERROR,
    PHASE_OPEN,
    Span,
    find_phases,
    find_queries,
    inside,
)
from services.foundation.messages import Message, say

BLOCKS = ("think", "serp", "thinking", "final")
_PHASE_TAG = re.compile(r"(?i)<\s*+/?+\s*+phase(?![A-Za-z0-9_-])[^<>]*+>?+")
_EMBEDDED = (PARSING_ERROR, "&lt;&lt;ParsingError&gt;&gt;")


@dataclass(frozen=True, slots=True)
class StrictFault:
    """One strict reason; `refutes` is False where the contract makes it a note only."""

    reason: str
    expected: Message
    at: int | None = None
    refutes: bool = True


def find_strict_faults(text: str) -> list[StrictFault]:
    """Return every strict reason the stripped text gives, in the contract's order."""
    if not text or text == PARSING_ERROR:
        return []
    return [fault for rule in _STRICT_RULES for fault in rule(text)]


def _outside_blocks(text: str) -> Iterator[StrictFault]:
    spans = sorted(_closed_blocks(text), key=lambda span: span.start)
    if not spans:
        return
    wanted = say("only white space outside the blocks")
    at = _first_solid(text, 0, spans[0].start)
    if at is not None:
        yield StrictFault("strict_text_before_first_block", wanted, at)
    end = spans[0].end
    for span in spans[1:]:
        at = _first_solid(text, end, span.start)
        if at is not None:
            yield StrictFault("strict_text_between_blocks", wanted, at)
            break
        end = max(end, span.end)
    last = max(span.end for span in spans)
    at = _first_solid(text, last, len(text))
    if at is not None and text.find("</final>") >= 0:
        yield StrictFault("strict_text_after_final", wanted, at)


def _closed_blocks(text: str) -> Iterator[Span]:
    for name in BLOCKS:
        content = inside(text, name)
        if content is not None:
            yield Span(content.start - len(name) - 2, content.end + len(name) + 3)


def _first_solid(text: str, start: int, end: int) -> int | None:
    piece = text[start:end]
    rest = piece.lstrip()
    return start + len(piece) - len(rest) if rest else None


def _think_order(text: str) -> Iterator[StrictFault]:
    think = text.find("<think>")
    others = [at for at in (text.find("<serp>"), text.find("<thinking>")) if at >= 0]
    if think >= 0 and others and think > min(others):
        wanted = say("<think> before <serp> and <thinking>")
        yield StrictFault("strict_think_order", wanted, think)


def _unclosed(text: str) -> Iterator[StrictFault]:
    for name in ("think", "serp"):
        opened, closed = text.find(f"<{name}>"), text.find(f"</{name}>")
        if (opened < 0) != (closed < 0) or closed < opened:
            wanted = say("<think> and <serp> opened and closed")
            yield StrictFault("strict_block_unclosed", wanted, max(opened, closed))
            return


def _plain_text(text: str) -> Iterator[StrictFault]:
    for name in ("think", "serp"):
        content = inside(text, name)
        tag = -1 if content is None else find_tag(content.of(text))
        if content is not None and tag >= 0:
            wanted = say("no tags inside <think> and <serp>")
            yield StrictFault(f"strict_{name}_not_plain_text", wanted, content.start + tag)


def _embedded_marker(text: str) -> Iterator[StrictFault]:
    places = [at for at in (text.find(marker) for marker in _EMBEDDED) if at >= 0]
    if places:
        wanted = say("no parsing error marker inside the reply")
        yield StrictFault("strict_parsing_error_embedded", wanted, min(places))


def _phase_spelling(text: str) -> Iterator[StrictFault]:
    for found in _PHASE_TAG.finditer(text):
        if found[0] != "</phase>" and PHASE_OPEN.fullmatch(found[0]) is None:
            wanted = say('phase tags spelled <phase id="N"> and </phase>')
            yield StrictFault("strict_phase_tag_malformed", wanted, found.start())
            return


def _empty_parts(text: str) -> Iterator[StrictFault]:
    thinking = inside(text, "thinking")
    phases = [] if thinking is None else find_phases(text, thinking)
    untitled = [phase for phase in phases if _is_empty_title(phase.of(text))]
    if untitled:
        yield StrictFault("strict_title_empty", say("a title with text"), untitled[0].start)
    idle = [phase for phase in phases if _is_empty_phase(phase.of(text))]
    if idle:
        yield StrictFault("strict_phase_empty", say("a phase with text"), idle[0].start)
    final = inside(text, "final")
    if final is None:
        return
    queries = find_queries(text, final)
    end = final.end if queries is None else queries[0].start
    if not text[final.start : end].strip():
        yield StrictFault("strict_final_empty", say("a final block with text"), final.start)


def _is_empty_title(phase: str) -> bool:
    title = inside(phase, "title")
    return title is not None and not title.of(phase).strip()


def _is_empty_phase(phase: str) -> bool:
    title = inside(phase, "title")
    if title is None:
        return not phase.strip()
    before, after = phase[: title.start - len("<title>")], phase[title.end + len("</title>") :]
    return not before.strip() and not after.strip()


def _queries(text: str) -> Iterator[StrictFault]:
    final = inside(text, "final")
    found = None if final is None else find_queries(text, final)
    if found is None:
        return
    at = found[1].start
    try:
        value: Any = json.loads(found[1].of(text))
    except (ValueError, RecursionError):
        return
    queries = cast(list[Any], value)  # the bracket text begins with [, so JSON makes it a list
    if any(isinstance(query, str) and has_sensitive(query) for query in queries):
        wanted = say("no e-mail, IPv4 address or mobile number in the search queries")
        yield StrictFault("strict_serp_queries_sensitive", wanted, at)
    if not 1 <= len(queries) <= 3:
        wanted = say("1 to 3 search queries; none only for small talk")
        yield StrictFault("strict_serp_queries_count", wanted, at, refutes=False)


_STRICT_RULES: tuple[Callable[[str], Iterator[StrictFault]], ...] = (
    _outside_blocks,
    _think_order,
    _unclosed,
    _plain_text,
    _embedded_marker,
    _phase_spelling,
    _empty_parts,
    _queries,
)
