"""The registry: every check answers, the right structure is judged, the worst finding decides."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.types import Outcome, Reply
from services.checks import jsonseq as jsonseq_check
from services.checks import thinkingml
from services.checks.registry import CHECKS, evaluate, overall
from services.checks.types import Limits, ReplyCheck
from tests.support.replies import a_reply, jsonseq
from tests.support.told import read_told, tell

LIMITS = Limits()
EMPTY = Reply(Outcome.COMPLETED, "rid")
CUT = a_reply("half", outcome=Outcome.INCOMPLETE, error="sse_stream_incomplete")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("reply", [a_reply(), EMPTY, CUT], ids=["good", "empty", "cut"])
def test_every_check_says_what_it_expected_and_what_it_found(
    check: ReplyCheck, reply: Reply
) -> None:
    finding = check.look(reply, LIMITS)
    assert finding.expected
    assert finding.actual
    assert finding.reason
    assert finding.verdict in ("ok", "slow", "bad_structure", "failed", "not_judged")
    assert (finding.ok is None) == (finding.verdict == "not_judged")


def test_a_good_reply_passes_every_check() -> None:
    findings = evaluate(a_reply(), LIMITS)
    assert list(findings) == ["completed", "reply_length", "sequence", "thinkingml", "latency"]
    assert all(finding.ok for finding in findings.values())
    assert overall(findings).verdict == "ok"


def test_the_protocol_of_the_reply_chooses_the_structure() -> None:
    reply = a_reply("想\n\n答", protocol="jsonseq_v1", structured=tuple(jsonseq()), sequence=())
    findings = evaluate(reply, LIMITS)
    assert "thinkingml" not in findings
    assert findings["jsonseq"].ok
    assert findings["sequence"].ok is None
    assert overall(findings).verdict == "ok"


def test_structure_is_not_judged_when_nobody_asked() -> None:
    finding = evaluate(a_reply("plain"), LIMITS, validate_structure=False)["thinkingml"]
    assert (finding.ok, finding.reason) == (None, "structure_not_asked")


def test_an_empty_completed_reply_is_bad_structure() -> None:
    findings = evaluate(EMPTY, LIMITS)
    assert overall(findings).verdict == "bad_structure"
    assert overall(findings).reason == "empty_reply"


def test_empty_content_of_a_supplier_is_bad_structure() -> None:
    reply = a_reply(
        "", outcome=Outcome.ERROR_EVENT, error="provider_error", error_text="upstream_empty_content"
    )
    assert overall(evaluate(reply, LIMITS)).reason == "empty_reply"


@pytest.mark.parametrize("status", [401, 403, 429])
def test_sign_in_and_quota_do_not_judge_the_model(status: int) -> None:
    reply = Reply(Outcome.REFUSED, "rid", error="RATE_LIMIT_EXCEEDED", status=status)
    assert overall(evaluate(reply, LIMITS)).ok is None


def test_a_refusal_of_the_request_is_a_failure_with_its_word() -> None:
    reply = Reply(Outcome.REFUSED, "rid", error="model_not_allowed", status=422)
    decided = overall(evaluate(reply, LIMITS))
    assert (decided.verdict, decided.reason) == ("failed", "model_not_allowed")


def test_a_cut_stream_fails_and_its_structure_is_not_judged() -> None:
    findings = evaluate(CUT, LIMITS)
    assert overall(findings).reason == "sse_stream_incomplete"
    assert findings["thinkingml"].ok is None
    assert findings["latency"].ok is None


@pytest.mark.parametrize(
    ("sequence", "reason"),
    [((1, 3), "seq_gap"), ((2, 3), "seq_gap"), ((1, 1, 2), "seq_duplicate"), ((0, 1), "seq_gap")],
)
def test_a_gap_in_seq_is_a_failure(sequence: tuple[int, ...], reason: str) -> None:
    decided = overall(evaluate(a_reply(sequence=sequence), LIMITS))
    assert (decided.verdict, decided.reason) == ("failed", reason)


def test_another_order_of_arrival_is_a_note() -> None:
    finding = evaluate(a_reply(sequence=(2, 1, 3)), LIMITS)["sequence"]
    assert (finding.ok, finding.notes) == (True, ("seq_out_of_order",))


@pytest.mark.parametrize(
    ("total", "first", "verdict", "reason"),
    [
        (30_000, 10_000, "ok", "ok"),
        (30_001, 1, "slow", "slow_total"),
        (20_000, 10_001, "slow", "slow_ttft"),
        (5, None, "ok", "ok"),
    ],
)
def test_over_a_threshold_a_good_reply_is_slow(
    total: float, first: float | None, verdict: str, reason: str
) -> None:
    decided = overall(evaluate(a_reply(total_ms=total, first_delta_ms=first), LIMITS))
    latency = evaluate(a_reply(total_ms=total, first_delta_ms=first), LIMITS)["latency"]
    assert decided.verdict == verdict
    assert latency.ok
    assert latency.reason == reason


def test_another_stated_length_is_a_note() -> None:
    finding = evaluate(a_reply("abc", terminal={"reply_len": 9}), LIMITS)["reply_length"]
    assert (finding.ok, finding.notes) == (True, ("reply_len_differs:9",))


HOSTILE = [
    "<",
    "< ",
    "</",
    "<a ",
    "<phase",
    '<phase id="',
    '<phase id="1">',
    "<phase \n",
    "<!--",
    "<!-- <serp_queries>\n",
    "<!-- <serp_queries>\n[",
    "<serp_queries>\n\n",
    "]\n</serp_queries> -->",
    "<thinking>",
    "<title>",
    "a@",
    "1.2.3.",
    " ",
    "&lt;",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "<thinking>{}</thinking><final>{}</final>"])
def test_a_hostile_text_of_100_kb_is_judged_at_once(piece: str, frame: str) -> None:
    text = frame.replace("{}", piece * (100_000 // len(piece)))
    thinkingml.judge("warm")
    started = time.process_time()
    thinkingml.judge(text)
    assert time.process_time() - started < 0.05 * frame.count("{}")


def test_100_kb_inside_a_query_is_judged_at_once() -> None:
    text = a_reply().text.replace("深蹲 膝盖 角度", "a" * 100_000)
    started = time.process_time()
    assert thinkingml.judge(text).reason == "serp_queries_item_too_long"
    assert time.process_time() - started < 0.05


PIECES = st.sampled_from(
    ["<thinking>", "</thinking>", "<final>", "</final>", '<phase id="1">', "</phase>", "<title>",
     "</title>", "x", "\n", "[", "]", "<!-- <serp_queries>\n", "\n</serp_queries> -->", "<serp>",
     "</serp>", "<think>", "</think>", "<<ParsingError>>", '"a"', "<", ">"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)), st.booleans())
def test_no_text_makes_the_judge_fail(text: str, strict: bool) -> None:
    finding = thinkingml.judge(text, strict=strict)
    assert finding.reason
    assert finding.at is None or 0 <= finding.at <= len(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["serp_summary", "thinking_start", "phase_start", "phase_delta", "thinking_end", "final_delta",
     "serp_queries", "final_end"]
)  # fmt: skip
FIELDS = st.dictionaries(st.sampled_from(["id", "title", "text", "queries", "x"]), JSON)


@given(st.lists(st.tuples(NAMES, FIELDS), max_size=12), st.booleans())
def test_no_events_make_the_judge_fail(events: list[Any], strict: bool) -> None:
    assert jsonseq_check.judge(events, strict=strict).reason


REPLIES = (
    a_reply(),
    EMPTY,
    CUT,
    a_reply("plain"),
    a_reply("想\n\n答", protocol="jsonseq_v1", structured=tuple(jsonseq()), sequence=()),
    a_reply(sequence=(1, 3)),
    a_reply(sequence=(1, 1, 2)),
    a_reply(sequence=(2, 1, 3)),
    a_reply(sequence=tuple(range(1, 22))),
    a_reply(total_ms=30_001),
    a_reply(total_ms=20_000, first_delta_ms=10_001),
    a_reply(first_delta_ms=None),
    a_reply("abc", terminal={"reply_len": 9}, was_flagged=("duplicate_seq",)),
    a_reply("x", outcome=Outcome.CANCELLED),
    a_reply("x", outcome=Outcome.ERROR_EVENT, error="upstream_empty_content"),
    a_reply(
        "x", outcome=Outcome.ERROR_EVENT, error="provider_error", was_flagged=("bad_json_event",)
    ),
    a_reply("x", outcome=Outcome.ERROR_EVENT, error="p", terminal={"upstream_status": 429}),
    Reply(Outcome.REFUSED, "rid", error="token_expired", status=401),
    Reply(Outcome.REFUSED, "rid", error="model_not_allowed", status=422),
)


def test_what_every_check_tells_of_each_reply() -> None:
    told = [
        [name, *tell(finding)]
        for asked in (True, False)
        for reply in REPLIES
        for name, finding in evaluate(reply, LIMITS, validate_structure=asked).items()
    ]
    assert told == read_told(__file__, "told_checks")
