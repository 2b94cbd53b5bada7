"""Rules 1 to 27, each with a text that passes it and one that does not."""

import pytest

from services.checks import thinkingml
from tests.support.replies import phase, queries
from tests.support.replies import thinkingml as text_of
from tests.support.told import read_told, tell

GOOD = text_of()

# rule, reason, failing text, the text at which it went wrong (None: no place)
FAILING: list[tuple[int, str, str, str | None]] = [
    (1, "empty_reply", " \n\t ", ""),
    (2, "parsing_error_marker", "  <<ParsingError>>\n", "<<ParsingError>>"),
    (3, "invalid_thinking_block_count", "Hello", None),
    (3, "invalid_thinking_block_count", GOOD + "<thinking>late", "<thinking>late"),
    (3, "invalid_thinking_block_count", GOOD.replace("</thinking>", ""), "<thinking>"),
    (3, "invalid_thinking_block_count", GOOD.replace("<thinking>", "<Thinking>"), "</thinking>"),
    (4, "invalid_final_block_count", GOOD.replace("<final>", ""), "</final>"),
    (
        4,
        "invalid_final_block_count",
        text_of(phases=phase(1) + "<final>x</final>" + phase(2)),
        "<final>\n答案",
    ),
    (5, "invalid_serp_block_count", "<serp>a</serp><serp>b</serp>" + GOOD, "<serp>b"),
    (5, "invalid_serp_block_count", "<serp>a</serp></serp>" + GOOD, "</serp><thinking>"),
    (6, "invalid_think_block_count", "<think>a</think><think>b</think>" + GOOD, "<think>b"),
    (8, "invalid_thinking_order", "</thinking> <thinking> <final></final>", "</thinking>"),
    (9, "invalid_final_order", "<thinking></thinking></final><final>", "</final>"),
    (10, "invalid_sequence_serp_thinking", text_of(between="<serp>x</serp>"), "<serp>x"),
    (
        11,
        "invalid_sequence_thinking_final",
        "<thinking><final>x</final></thinking>",
        "<final>x",
    ),
    (12, "final_not_immediately_after_thinking", text_of(between="\n so: \n"), "so:"),
    (13, "unexpected_tag:b", text_of(final="<b>x</b>"), "<b>x"),
    (13, "unexpected_tag:br", text_of(final="x<br />y"), "<br />"),
    (13, "unexpected_tag:String", text_of(final="List<String> x"), "<String>"),
    (13, "unexpected_tag:b", text_of(final="a < b and c > d"), "< b and"),
    (13, "unexpected_tag:ParsingError", text_of(final="<<ParsingError>>"), "<ParsingError>"),
    (13, "unexpected_tag:Phase", text_of(final="<Phase>"), "<Phase>"),
    (13, "unexpected_tag:i", text_of(final="x < / i\n>"), "< / i"),
    (13, "unexpected_tag:tool", text_of(final='<tool name="x"\nkey="y">'), "<tool name"),
    (15, "missing_phase", text_of(phases="no phase here"), "\nno phase"),
    (15, "missing_phase", text_of(phases="<phase id='1'><title>a</title></phase>"), "\n<phase"),
    (15, "missing_phase", text_of(phases='<phase id="1" ><title>a</title></phase>'), "\n<phase"),
    (15, "missing_phase", text_of(phases='<phase n="1" id="1">x</phase>'), "\n<phase"),
    (16, "phase_id_not_start_from_1", text_of(phases=phase(0)), '<phase id="0">'),
    (16, "phase_id_not_start_from_1", text_of(phases=phase("9" * 5000)), '<phase id="9'),
    (17, "phase_id_not_strict_increment", text_of(phases=phase(1) + phase(3)), '<phase id="3">'),
    (17, "phase_id_not_strict_increment", text_of(phases=phase(1) + phase(1)), None),
    (18, "phase_block_mismatch", text_of(phases=phase(1) + '<phase id="2">'), '<phase id="2">'),
    (
        18,
        "phase_block_mismatch",
        text_of(phases='<phase id="1"><title>a</title><phase id="2"></phase></phase>'),
        '<phase id="2">',
    ),
    (19, "invalid_title_count_in_phase", text_of(phases=phase(1, "no title")), "\nno title"),
    (
        19,
        "invalid_title_count_in_phase",
        text_of(phases=phase(1, "<title>a</title><title>b</title>")),
        "\n<title>a",
    ),
    (21, "missing_or_invalid_serp_queries_block", text_of(comment=""), "</final>"),
    (21, "missing_or_invalid_serp_queries_block", text_of(comment=queries() + " end"), "</final>"),
    (
        21,
        "missing_or_invalid_serp_queries_block",
        text_of(comment='<!-- <serp_queries>["a"]\n</serp_queries> -->'),
        "</final>",
    ),
    (
        21,
        "missing_or_invalid_serp_queries_block",
        text_of(comment='<!-- <serp_queries>\n ["a"]\n</serp_queries> -->'),
        "</final>",
    ),
    (
        21,
        "missing_or_invalid_serp_queries_block",
        text_of(comment='<!-- <serp_queries>\n["a"]\n </serp_queries> -->'),
        "</final>",
    ),
    (
        21,
        "missing_or_invalid_serp_queries_block",
        text_of(comment='<!-- <serp_queries>\n{"a":1}\n</serp_queries> -->'),
        "</final>",
    ),
    (22, "serp_queries_json_parse_error", text_of(comment=queries("['a']")), "['a']"),
    (22, "serp_queries_json_parse_error", text_of(comment=queries("[" * 9000 + "]")), "[[["),
    (22, "serp_queries_json_parse_error", text_of(comment=queries('["a"]\n["b"]')), '["a"]'),
    (24, "serp_queries_too_many", text_of(comment=queries('["1","2","3","4","5","6"]')), '["1"'),
    (25, "serp_queries_not_deduped", text_of(comment=queries('["a","a"]')), '["a"'),
    (25, "serp_queries_not_deduped", text_of(comment=queries('[1,"1"]')), '[1,"1"'),
    (26, "serp_queries_item_not_string", text_of(comment=queries("[1]")), "[1]"),
    (27, "serp_queries_item_too_long", text_of(comment=queries(f'["{"深" * 81}"]')), '["深'),
]

PASSING: list[tuple[str, str]] = [
    ("the plain good text", GOOD),
    ("blanks around it", f"\n\n  {GOOD} \n"),
    ("a serp and a think block", f"<think>a</think><serp>b</serp>{GOOD}"),
    ("nothing between thinking and final", text_of(between="")),
    ("a comment inside final", text_of(final="x <!-- note --> y\n")),
    ("tags with digits, dashes, underscores", text_of(final="<h1> <x-y> <serp_query> <br/>\n")),
    ("arithmetic without a closing bracket", text_of(final="a < b, 1<2\n")),
    ("blanks before id", text_of(phases='<phase \n id="1"><title>a</title>x</phase>')),
    ("an id with a leading zero", text_of(phases=phase("01"))),
    ("an attribute on title counts as no title tag", text_of(final='<title x="1">\n')),
    ("no queries", text_of(comment=queries("[]"))),
    ("five queries", text_of(comment=queries('["1","2","3","4","5"]'))),
    ("a query of 80 characters", text_of(comment=queries(f'["{"深" * 80}"]'))),
    ("queries over lines", text_of(comment=queries('[\n "a",\n "b"\n]'))),
    (
        "blanks where they are allowed",
        text_of(comment='<!--<serp_queries>  \n["a"] \t\n</serp_queries>-->'),
    ),
    ("brackets inside a query", text_of(comment=queries('["a ] b"]'))),
]


@pytest.mark.parametrize(("rule", "reason", "text", "place"), FAILING)
def test_a_text_that_breaks_a_rule_is_refuted_with_its_reason_and_place(
    rule: int, reason: str, text: str, place: str | None
) -> None:
    finding = thinkingml.judge(text)
    assert (finding.ok, finding.verdict, finding.reason) == (False, "bad_structure", reason)
    assert finding.expected
    assert finding.actual
    if place is not None:
        assert finding.at is not None
        assert text[finding.at :].startswith(place)


@pytest.mark.parametrize(("what", "text"), PASSING)
def test_a_text_that_keeps_the_rules_is_good(what: str, text: str) -> None:
    finding = thinkingml.judge(text)
    assert (finding.ok, finding.verdict, finding.reason) == (True, "ok", "ok"), what


def test_every_rule_that_can_fail_has_a_failing_text() -> None:
    # 7, 14, 20 and 23 cannot fail: counts give the positions, `[` makes the JSON a list.
    assert {rule for rule, *_ in FAILING} == set(range(1, 28)) - {7, 14, 20, 23}


def test_the_first_failing_rule_wins() -> None:
    text = text_of(phases=phase(2), final="<b>x</b>", comment="")
    assert thinkingml.judge(text).reason == "unexpected_tag:b"


def test_the_place_counts_from_the_untrimmed_text() -> None:
    text = "\n  " + text_of(final="<b>x</b>")
    at = thinkingml.judge(text).at
    assert at == text.index("<b>")


def test_what_is_told_of_each_failing_text() -> None:
    told = [tell(thinkingml.judge(text)) for _, _, text, _ in FAILING]
    assert told == read_told(__file__, "told_thinkingml")
