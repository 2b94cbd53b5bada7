"""JSONSeq: each base reason in order, each strict reason, and places in the joined text."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.chat.structured import INVALID, join_text
from services.checks import jsonseq
from tests.support.replies import jsonseq as events_of
from tests.support.told import read_told, tell

Events = list[tuple[str, Mapping[str, Any]]]
GOOD = events_of()
BAD_DATA = {INVALID: "5"}


def without(name: str) -> Events:
    return [event for event in GOOD if event[0] != name]


def moved(name: str, to: int) -> Events:
    rest = without(name)
    return [*rest[:to], next(e for e in GOOD if e[0] == name), *rest[to:]]


BASE: list[tuple[str, Events]] = [
    ("empty_events", []),
    ("missing_thinking_start", without("thinking_start")),
    ("missing_thinking_end", without("thinking_end")),
    ("missing_final_delta", without("final_delta")),
    ("missing_final_end", without("final_end")),
    ("invalid_sequence_thinking_end_after_final_delta", moved("thinking_end", 4)),
    ("invalid_sequence_final_end_before_final_delta", moved("final_end", 3)),
    ("phase_start_invalid_data", events_of(phase_start=BAD_DATA)),
    ("phase_start_invalid_id", events_of(phase_start={"id": "1", "title": "a"})),
    ("phase_start_invalid_id", events_of(phase_start={"id": True, "title": "a"})),
    ("phase_id_not_strict_increment", events_of(phase_start={"id": 2, "title": "a"})),
    ("phase_title_missing", events_of(phase_start={"id": 1, "title": " "})),
    ("phase_title_missing", events_of(phase_start={"id": 1})),
    ("phase_delta_invalid_data", events_of(phase_delta=BAD_DATA)),
    ("phase_delta_invalid_id", events_of(phase_delta={"id": None, "text": "a"})),
    ("phase_delta_empty_text", events_of(phase_delta={"id": 1, "text": ""})),
    ("phase_delta_id_out_of_range", events_of(phase_delta={"id": 2, "text": "a"})),
    ("phase_delta_id_out_of_range", without("phase_start")),
    ("missing_phase_start", [e for e in without("phase_start") if e[0] != "phase_delta"]),
    ("final_delta_empty", events_of(final_delta={"text": " "})),
    ("parsing_error_marker", events_of(final_delta={"text": "<<ParsingError>>"})),
    ("serp_queries_invalid_data", events_of(serp_queries=BAD_DATA)),
    ("serp_queries_not_array", events_of(serp_queries={"queries": "a"})),
    ("serp_queries_too_many", events_of(serp_queries={"queries": list("abcdef")})),
    ("serp_queries_item_not_string", events_of(serp_queries={"queries": [1]})),
    ("serp_queries_item_too_long", events_of(serp_queries={"queries": ["深" * 81]})),
    ("serp_queries_not_deduped", events_of(serp_queries={"queries": ["a", "a"]})),
]

START, PHASE, DELTA, END, FINAL, QUERIES, DONE = GOOD
STRICT: list[tuple[str, Events]] = [
    ("serp_summary_multiple", [("serp_summary", {"text": "a"})] * 2 + GOOD),
    ("serp_summary_after_thinking_start", [START, ("serp_summary", {"text": "a"}), *GOOD[1:]]),
    ("serp_summary_text_empty", [("serp_summary", {"text": " "}), *GOOD]),
    ("serp_summary_has_xml", [("serp_summary", {"text": "a <b> c"}), *GOOD]),
    ("thinking_start_multiple", [START, *GOOD]),
    ("thinking_start_after_end", [*GOOD, START]),
    ("phase_start_before_thinking_start", [PHASE, START, *GOOD[2:]]),
    (
        "phase_start_after_thinking_end",
        [*GOOD[:4], ("phase_start", {"id": 2, "title": "b"}), *GOOD[4:]],
    ),
    ("phase_delta_before_thinking_start", [PHASE, DELTA, START, *GOOD[3:]]),
    ("phase_delta_after_thinking_end", [*GOOD[:4], DELTA, *GOOD[4:]]),
    (
        "phase_delta_id_mismatch",
        [*GOOD[:3], ("phase_start", {"id": 2, "title": "b"}), DELTA, *GOOD[3:]],
    ),
    ("thinking_end_before_thinking_start", [END, *GOOD]),
    ("thinking_end_multiple", [*GOOD[:4], END, *GOOD[4:]]),
    ("thinking_end_without_phase", [START, END, *GOOD[1:]]),
    ("final_delta_after_final_end", [*GOOD, FINAL]),
    ("serp_queries_multiple", [*GOOD[:6], QUERIES, DONE]),
    ("serp_queries_before_final_delta", [*GOOD[:4], QUERIES, FINAL, DONE]),
    ("serp_queries_after_final_end", [*GOOD[:5], DONE, QUERIES]),
    ("serp_queries_empty", events_of(serp_queries={"queries": []})),
    ("serp_queries_sensitive", events_of(serp_queries={"queries": ["a@b.cn"]})),
    ("final_end_multiple", [*GOOD, DONE]),
]
# These three imply a base reason, so no text has them alone.
STRICT_WITH_BASE: list[tuple[str, Events]] = [
    ("phase_delta_without_phase_start", [START, DELTA, PHASE, *GOOD[2:]]),
    ("final_delta_before_thinking_end", moved("thinking_end", 4)),
    ("final_end_without_final_delta", moved("final_end", 3)),
]


@pytest.mark.parametrize(("reason", "events"), BASE)
def test_a_base_reason_refutes(reason: str, events: Events) -> None:
    finding = jsonseq.judge(events)
    assert (finding.ok, finding.verdict, finding.reason) == (False, "bad_structure", reason)
    assert finding.expected
    assert finding.actual


@pytest.mark.parametrize("missing", ["serp_queries", "phase_delta"])
def test_what_may_be_absent_may_be_absent(missing: str) -> None:
    assert jsonseq.judge(without(missing)).ok


def test_good_events_are_good_without_notes() -> None:
    finding = jsonseq.judge([("serp_summary", {"text": "搜到三条"}), *GOOD], strict=True)
    assert (finding.ok, finding.reason, finding.notes) == (True, "ok", ())


@pytest.mark.parametrize(("reason", "events"), STRICT)
def test_a_strict_reason_is_a_note_and_refutes_only_on_demand(reason: str, events: Events) -> None:
    lenient = jsonseq.judge(events)
    assert lenient.ok, lenient.reason
    assert reason in lenient.notes
    strict = jsonseq.judge(events, strict=True)
    assert not strict.ok
    assert strict.reason in lenient.notes


@pytest.mark.parametrize(("reason", "events"), STRICT_WITH_BASE)
def test_strict_reasons_stand_beside_a_base_reason(reason: str, events: Events) -> None:
    finding = jsonseq.judge(events)
    assert not finding.ok
    assert reason in finding.notes


def test_the_contracts_strict_reasons_all_have_a_case() -> None:
    assert len({reason for reason, _ in [*STRICT, *STRICT_WITH_BASE]}) == 24


def test_the_place_is_where_the_events_text_begins() -> None:
    second = [("phase_start", {"id": 2, "title": "b"}), ("phase_delta", {"id": 3, "text": "x"})]
    events = [*GOOD[:3], *second, *GOOD[3:]]
    finding = jsonseq.judge(events)
    text, _ = join_text(events)
    assert finding.reason == "phase_delta_id_out_of_range"
    assert finding.at is not None
    assert text[: finding.at].strip() == "想一想"


def test_text_joins_phases_and_final_with_blank_lines() -> None:
    events = [*GOOD[:3], ("phase_delta", {"id": 1, "text": "，再想"}), *GOOD[3:]]
    assert join_text(events)[0] == "想一想，再想\n\n答案"


def test_what_is_told_of_each_failing_sequence() -> None:
    told = [tell(jsonseq.judge(events)) for _, events in BASE]
    told += [tell(jsonseq.judge(events, strict=True)) for _, events in [*STRICT, *STRICT_WITH_BASE]]
    assert told == read_told(__file__, "told_jsonseq")
