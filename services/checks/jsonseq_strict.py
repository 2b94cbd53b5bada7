"""Strict JSONSeq reasons: the order the original's web page enforced."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from services.checks.sensitive import find_tag, has_sensitive


@dataclass(slots=True)
class _Seen:
    """What came so far."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    open_phase: object = None  # id of the phase that is open

    def has(self, name: str) -> bool:
        return self.counts.get(name, 0) > 0


Look = Callable[[_Seen, Mapping[str, Any]], Iterator[str]]


def find_strict_reasons(
    events: Sequence[tuple[str, Mapping[str, Any]]],
) -> list[tuple[str, int | None]]:
    """Return each strict reason with the number of its event, in order of arrival."""
    seen = _Seen()
    found: list[tuple[str, int | None]] = []
    for at, (name, data) in enumerate(events):
        look = _LOOKS.get(name)
        if look is not None:
            found.extend((reason, at) for reason in look(seen, data))
        seen.counts[name] = seen.counts.get(name, 0) + 1
    return found


def _serp_summary(seen: _Seen, data: Mapping[str, Any]) -> Iterator[str]:
    if seen.has("serp_summary"):
        yield "serp_summary_multiple"
    if seen.has("thinking_start"):
        yield "serp_summary_after_thinking_start"
    text = data.get("text")
    if not isinstance(text, str) or not text.strip():
        yield "serp_summary_text_empty"
    elif find_tag(text) >= 0:
        yield "serp_summary_has_xml"


def _thinking_start(seen: _Seen, _data: Mapping[str, Any]) -> Iterator[str]:
    if seen.has("thinking_start"):
        yield "thinking_start_multiple"
    if seen.has("thinking_end"):
        yield "thinking_start_after_end"


def _phase_start(seen: _Seen, data: Mapping[str, Any]) -> Iterator[str]:
    if not seen.has("thinking_start"):
        yield "phase_start_before_thinking_start"
    if seen.has("thinking_end"):
        yield "phase_start_after_thinking_end"
    seen.open_phase = data.get("id")


def _phase_delta(seen: _Seen, data: Mapping[str, Any]) -> Iterator[str]:
    if not seen.has("thinking_start"):
        yield "phase_delta_before_thinking_start"
    if seen.has("thinking_end"):
        yield "phase_delta_after_thinking_end"
    if not seen.has("phase_start"):
        yield "phase_delta_without_phase_start"
    elif data.get("id") != seen.open_phase:
        yield "phase_delta_id_mismatch"


def _thinking_end(seen: _Seen, _data: Mapping[str, Any]) -> Iterator[str]:
    if not seen.has("thinking_start"):
        yield "thinking_end_before_thinking_start"
    if seen.has("thinking_end"):
        yield "thinking_end_multiple"
    if not seen.has("phase_start"):
        yield "thinking_end_without_phase"


def _final_delta(seen: _Seen, _data: Mapping[str, Any]) -> Iterator[str]:
    if not seen.has("thinking_end"):
        yield "final_delta_before_thinking_end"
    if seen.has("final_end"):
        yield "final_delta_after_final_end"


def _serp_queries(seen: _Seen, data: Mapping[str, Any]) -> Iterator[str]:
    if seen.has("serp_queries"):
        yield "serp_queries_multiple"
    if not seen.has("final_delta"):
        yield "serp_queries_before_final_delta"
    if seen.has("final_end"):
        yield "serp_queries_after_final_end"
    value = data.get("queries")
    queries = cast(list[Any], value) if isinstance(value, list) else [None]
    if not queries:
        yield "serp_queries_empty"
    if any(isinstance(query, str) and has_sensitive(query) for query in queries):
        yield "serp_queries_sensitive"


def _final_end(seen: _Seen, _data: Mapping[str, Any]) -> Iterator[str]:
    if not seen.has("final_delta"):
        yield "final_end_without_final_delta"
    if seen.has("final_end"):
        yield "final_end_multiple"


_LOOKS: Mapping[str, Look] = {
    "serp_summary": _serp_summary,
    "thinking_start": _thinking_start,
    "phase_start": _phase_start,
    "phase_delta": _phase_delta,
    "thinking_end": _thinking_end,
    "final_delta": _final_delta,
    "serp_queries": _serp_queries,
    "final_end": _final_end,
}
