"""Each strict reason: a text without it, one with it, and what the option strict makes of it."""

import pytest

from services.checks import thinkingml
from tests.support.replies import phase, queries
from tests.support.replies import thinkingml as text_of
from tests.support.told import read_told, tell

GOOD = text_of()

STRICT: list[tuple[str, str, str | None]] = [
    ("strict_text_before_first_block", "Sure! " + GOOD, "Sure!"),
    ("strict_text_between_blocks", f"<serp>a</serp> then {GOOD}", "then"),
    ("strict_text_after_final", text_of(tail="\nBye"), "Bye"),
    ("strict_think_order", f"<serp>a</serp><think>b</think>{GOOD}", "<think>"),
    ("strict_block_unclosed", f"<think>{GOOD}", "<think>"),
    ("strict_block_unclosed", f"</serp>{GOOD}", "</serp>"),
    ("strict_think_not_plain_text", f"<think>a <h1> b</think>{GOOD}", "<h1>"),
    ("strict_serp_not_plain_text", f"<serp>a <title> b</serp>{GOOD}", "<title> b"),
    (
        "strict_parsing_error_embedded",
        text_of(final="&lt;&lt;ParsingError&gt;&gt;\n"),
        "&lt;&lt;",
    ),
    ("strict_phase_tag_malformed", text_of(final="<phase>\n"), "<phase>\n"),
    ("strict_phase_tag_malformed", text_of(phases=phase(1) + "</ phase>"), "</ phase>"),
    ("strict_title_empty", text_of(phases=phase(1, "<title> </title>x")), None),
    ("strict_phase_empty", text_of(phases=phase(1, "<title>a</title>\n ")), None),
    ("strict_final_empty", text_of(final=" \n"), None),
    ("strict_serp_queries_sensitive", text_of(comment=queries('["mail bob@example.com"]')), None),
    ("strict_serp_queries_sensitive", text_of(comment=queries('["host 10.0.0.1"]')), None),
    ("strict_serp_queries_sensitive", text_of(comment=queries('["call 13912345678"]')), None),
]
NOT_SENSITIVE = ["v1.2.3", "1.2.3.4.5", "999.1.1.1", "139123456789", "@home", "a@b"]


@pytest.mark.parametrize(("reason", "text", "place"), STRICT)
def test_a_strict_reason_is_a_note_and_refutes_only_on_demand(
    reason: str, text: str, place: str | None
) -> None:
    lenient = thinkingml.judge(text)
    assert lenient.ok
    assert reason in lenient.notes
    strict = thinkingml.judge(text, strict=True)
    assert (strict.ok, strict.verdict) == (False, "bad_structure")
    assert strict.reason.startswith("strict_")
    if place is not None and strict.reason == reason:
        assert strict.at is not None
        assert text[strict.at :].startswith(place)


def test_a_good_text_has_no_strict_reason() -> None:
    finding = thinkingml.judge(f"<think>a</think>\n<serp>b</serp>\n{GOOD}", strict=True)
    assert (finding.ok, finding.notes) == (True, ())


@pytest.mark.parametrize("inner", ["[]", '["1","2","3","4"]'])
def test_the_number_of_queries_is_a_note_only(inner: str) -> None:
    finding = thinkingml.judge(text_of(comment=queries(inner)), strict=True)
    assert finding.ok
    assert finding.notes == ("strict_serp_queries_count",)


@pytest.mark.parametrize("query", NOT_SENSITIVE)
def test_a_harmless_query_is_not_sensitive(query: str) -> None:
    finding = thinkingml.judge(text_of(comment=queries(f'["{query}"]')))
    assert finding.notes == ()


def test_strict_reasons_stand_beside_a_base_reason() -> None:
    finding = thinkingml.judge("Sure! " + text_of(final="<b>x</b>\n"))
    assert finding.reason == "unexpected_tag:b"
    assert finding.notes == ("strict_text_before_first_block",)


def test_an_embedded_marker_is_noted_though_a_base_rule_fails_first() -> None:
    finding = thinkingml.judge(text_of(final="<<ParsingError>>\n"))
    assert "strict_parsing_error_embedded" in finding.notes


def test_what_is_told_of_each_strict_text() -> None:
    told = [tell(thinkingml.judge(text, strict=True)) for _, text, _ in STRICT]
    assert told == read_told(__file__, "told_strict")
