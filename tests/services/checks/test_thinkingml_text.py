"""The linear readers find what the plain, slow regular expressions of the rules find."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from services.checks.thinkingml_text import Span, find_phases, find_queries, find_tags

RULE_13 = re.compile(r"<\s*/?\s*([A-Za-z]+)(?:\s[^>]*)?>")
RULE_18 = re.compile(r'<phase\s+id="\d+">(.*?)</phase>', re.DOTALL)
RULE_21 = re.compile(r"<!--\s*<serp_queries>\s*\n(\[[\s\S]*?\])\s*\n</serp_queries>\s*-->\s*\Z")

TAG_PARTS = st.sampled_from(
    ["<", ">", "/", " ", "\n", "a", "Bc", "1", "-", "\u3000", "é", "=", '"']
)
PHASE_PARTS = st.sampled_from(
    ["<phase", ' id="', "1", "23", '">', "</phase>", " ", "\n", "x", "<phase >", '<phase id="7">']
)
QUERY_PARTS = st.sampled_from(
    ["<!--", "-->", "<serp_queries>", "</serp_queries>", "\n", " ", "[", "]", '"a"', "x", "\t",
     "<!-- <serp_queries>\n[", "]\n</serp_queries> -->"]
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(TAG_PARTS, max_size=25).map("".join))
def test_tags_are_those_of_rule_13(text: str) -> None:
    found = [(tag.name, tag.span.start, tag.span.end) for tag in find_tags(text)]
    assert found == [(match[1], match.start(), match.end()) for match in RULE_13.finditer(text)]


@settings(max_examples=200)
@given(st.lists(PHASE_PARTS, max_size=20).map("".join))
def test_phase_blocks_are_those_of_rule_18(text: str) -> None:
    blocks = [block.of(text) for block in find_phases(text, Span(0, len(text)))]
    assert blocks == RULE_18.findall(text)


@settings(max_examples=300)
@given(st.lists(QUERY_PARTS, max_size=16).map("".join))
def test_the_query_block_is_that_of_rule_21(text: str) -> None:
    found = find_queries(text, Span(0, len(text)))
    wanted = RULE_21.search(text.strip())
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert found[1].of(text) == wanted[1]
        assert found[0].of(text) == wanted[0].strip()
