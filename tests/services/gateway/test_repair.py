"""Repairs of contract 3.5, and their independence of how the text is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.repair import Repairer

GOOD = (
    '<serp>x</serp>\n<thinking>\n<phase id="1">\n<title>One</title>\ntext\n</phase>\n</thinking>\n'
    '<final>\nHi\n<!-- <serp_queries>\n["a"]\n</serp_queries> -->\n</final>'
)


def repaired(text: str, cuts: list[int] | None = None) -> tuple[str, tuple[str, ...]]:
    repairer = Repairer()
    out = []
    start = 0
    for cut in [*sorted(cuts or []), len(text)]:
        out.append(repairer.feed(text[start:cut]))
        start = cut
    out.append(repairer.finish())
    return "".join(out), repairer.repairs


def thinking(inner: str) -> str:
    return f"<thinking>{inner}</thinking>\n<final>f</final>"


PHASE = '<phase id="1"><title>T</title>x</phase>'
CASES = [
    (GOOD, GOOD, ()),
    (f"```xml\n{GOOD}\n```\n", GOOD, ("code_fence",)),
    (f"  ```\n\n{GOOD}```", GOOD, ("code_fence",)),
    (f"{GOOD}\nbye", GOOD, ("cut_after_final",)),
    (f"```xml\n{GOOD}\n```\nbye", GOOD, ("code_fence", "cut_after_final")),
    (f"{GOOD}  \n ", GOOD, ()),
    (
        thinking('<phase id="1"><title>T</title>x<em class="a">y</em></phase>'),
        thinking('<phase id="1"><title>T</title>x&lt;em class="a"&gt;y&lt;/em&gt;</phase>'),
        ("escaped_tag",),
    ),
    (
        thinking('<phase id="1"><title>T</title>a < b and c</phase>'),
        thinking('<phase id="1"><title>T</title>a &lt; b and c</phase>'),
        ("escaped_tag",),
    ),
    (
        thinking('<phase id="1"><title>T</title>List<String> x</phase>'),
        thinking('<phase id="1"><title>T</title>List&lt;String&gt; x</phase>'),
        ("escaped_tag",),
    ),
    (
        thinking(f"<thinking>{PHASE}"),
        thinking(f"&lt;thinking&gt;{PHASE}"),
        ("escaped_tag",),
    ),
    (
        thinking(f"{PHASE}<final>no</final>"),
        thinking(f"{PHASE}&lt;final&gt;no&lt;/final&gt;"),
        ("escaped_tag",),
    ),
    (
        thinking(f"{PHASE}<serp>no</serp>"),
        thinking(f"{PHASE}&lt;serp&gt;no&lt;/serp&gt;"),
        ("escaped_tag",),
    ),
    (
        thinking('<phase id="1"><title>T</title><title>U</title>x</phase>'),
        thinking('<phase id="1"><title>T</title>&lt;title&gt;U&lt;/title&gt;x</phase>'),
        ("escaped_tag",),
    ),
    (
        thinking(f"{PHASE}<<ParsingError>>"),
        thinking(f"{PHASE}&lt;&lt;ParsingError&gt;&gt;"),
        ("escaped_marker",),
    ),
    (
        thinking('<phase id="1"><Title>T</Title>x</phase>'),
        thinking(PHASE),
        ("title_alias",),
    ),
    (
        thinking('<phase id="1"><标题>T</标题>x</phase>'),
        thinking(PHASE),
        ("title_alias",),
    ),
    (
        thinking('<phase id="1"><title>T</title>x<phase id="2"><title>U</title>y</phase>'),
        thinking('<phase id="1"><title>T</title>x</phase><phase id="2"><title>U</title>y</phase>'),
        ("closed_phase",),
    ),
    (
        thinking('<phase id="1"><title>T</title>x'),
        thinking('<phase id="1"><title>T</title>x</phase>'),
        ("closed_phase",),
    ),
    (
        thinking('<phase id="1"><title>T</phase>'),
        thinking('<phase id="1"><title>T</title></phase>'),
        ("closed_title",),
    ),
    (
        thinking('<phase id="3">x</phase>'),
        thinking('<phase id="3">x<title>阶段3</title></phase>'),
        ("added_title",),
    ),
    (
        thinking(f"{PHASE}<b>bold</b><br>next<br/>more<BR />"),
        thinking(f"{PHASE}**bold**\nnext\nmore\n"),
        ("html_inline",),
    ),
    ("plain text", "plain text", ()),
    ("", "", ()),
    ("``` not a document", "``` not a document", ()),
    ("```python\nprint()\n```", "```python\nprint()\n```", ()),
    ("a <", "a <", ()),
    ("<h1>x</h1> <serp_queries>", "<h1>x</h1> <serp_queries>", ()),
]


@pytest.mark.parametrize(("text", "wanted", "words"), CASES)
def test_a_repair_gives_this_text_and_these_words(
    text: str, wanted: str, words: tuple[str, ...]
) -> None:
    assert repaired(text) == (wanted.rstrip() if "```" in text and words else wanted, words)


@pytest.mark.parametrize(("text", "wanted", "words"), CASES)
def test_one_character_at_a_time_gives_the_same(
    text: str, wanted: str, words: tuple[str, ...]
) -> None:
    assert repaired(text, list(range(len(text)))) == repaired(text)


def test_a_good_reply_passes_without_being_held_back() -> None:
    repairer = Repairer()
    assert repairer.feed("<thinking>") == "<thinking>"
    assert repairer.feed("words ") == "words "


PARTS = st.sampled_from(
    [
        "<", ">", "</", "/", "`", "``", "```", "```xml\n", "\n", " ", "b", "br", "<br", "<b>", "</b>",
        "<thinking>", "</thinking>", '<phase id="1">', '<phase id="2"', "</phase>", "<title>",
        "</title>", "<Title>", "<标题>", "</标题>", "标", "<final>", "</final>", "<serp>", "</serp>",
        "<think>", "<<Parsing", "Error>>", "<<ParsingError>>", "<em>", "< b and ", "text", "<!-- ",
        "&lt;", "<h1>", "final", 'id="9"', "\t",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(PARTS, max_size=25), data=st.data())
def test_the_repaired_text_does_not_depend_on_the_cuts(
    parts: list[str], data: st.DataObject
) -> None:
    text = "".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert repaired(text, cuts) == repaired(text)
    assert repaired(text, list(range(len(text)))) == repaired(text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_text_without_angle_brackets_or_fences_passes_unchanged(text: str) -> None:
    text = text.replace("<", "").replace("`", "")
    assert repaired(text) == (text, ())
