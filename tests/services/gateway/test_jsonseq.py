"""JSONSeq v1 out of JSON lines, ThinkingML and plain text."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.jsonseq import ERROR_MARKER, FILL_TEXT, FILL_TITLE, Event, JsonSeq
from services.gateway.pieces import pieces

THINKINGML = (
    "<think>rough</think>\n<serp>What they want</serp>\n<thinking>\n"
    '<phase id="1">\n<title>One</title>\nFirst text.\n</phase>\n'
    '<phase id="2">\n<title>Two</title>\nSecond.\n</phase>\n</thinking>\n'
    '<final>\nHello **you**, 3 < 4.\n<!-- <serp_queries>\n["a", " b ", "a"]\n</serp_queries> -->\n</final>'
)
LINES = """\
{"event":"serp_summary","text":"s"}
{"event":"thinking_start"}
{"event":"phase_start","id":1,"title":"T"}
{"event":"phase_delta","id":1,"text":"x"}
not json
{"event":"surprise"}
{"event":"thinking_end"}
{"event":"final_delta","text":"f1"}
{"event":"final_delta","data":{"text":"f2"}}
{"event":"serp_queries","queries":["q","q","  ",7]}
{"event":"final_end"}
{"event":"final_delta","text":"late"}"""
FILLED_PHASE = [
    ("phase_start", {"id": 1, "title": FILL_TITLE}),
    ("phase_delta", {"id": 1, "text": FILL_TEXT}),
]


def merged(events: list[Event]) -> list[Event]:
    """Join neighbouring texts of the same phase, as a client does."""
    out: list[Event] = []
    for name, data in events:
        last = out[-1] if out else None
        is_text = name in ("phase_delta", "final_delta")
        if is_text and last and last[0] == name and last[1].get("id") == data.get("id"):
            out[-1] = (name, {**data, "text": last[1]["text"] + data["text"]})
        else:
            out.append((name, dict(data)))
    return out


def converted(text: str, cuts: list[int] | None = None) -> list[Event]:
    machine = JsonSeq()
    events: list[Event] = []
    edges = [0, *sorted(cuts or []), len(text)]
    for start, end in pairwise(edges):
        events += machine.feed(text[start:end])
    return events + machine.finish()


def test_thinkingml_is_mapped_tag_by_tag_and_the_queries_leave_the_text() -> None:
    assert merged(converted(THINKINGML)) == [
        ("serp_summary", {"text": "What they want"}),
        ("thinking_start", {}),
        ("phase_start", {"id": 1, "title": "One"}),
        ("phase_delta", {"id": 1, "text": "First text."}),
        ("phase_start", {"id": 2, "title": "Two"}),
        ("phase_delta", {"id": 2, "text": "Second."}),
        ("thinking_end", {}),
        ("final_delta", {"text": "Hello **you**, 3 < 4."}),
        ("serp_queries", {"queries": ["a", "b"]}),
        ("final_end", {}),
    ]


def test_json_lines_pass_and_nothing_follows_the_end() -> None:
    assert converted(LINES) == [
        ("serp_summary", {"text": "s"}),
        ("thinking_start", {}),
        ("phase_start", {"id": 1, "title": "T"}),
        ("phase_delta", {"id": 1, "text": "x"}),
        ("thinking_end", {}),
        ("final_delta", {"text": "f1"}),
        ("final_delta", {"text": "f2"}),
        ("serp_queries", {"queries": ["q"]}),
        ("final_end", {}),
    ]


def test_plain_text_gets_a_phase_that_says_so() -> None:
    machine = JsonSeq()
    assert machine.feed("just words") == []
    assert machine.finish() == [
        ("thinking_start", {}),
        *FILLED_PHASE,
        ("thinking_end", {}),
        ("final_delta", {"text": "just words"}),
        ("final_end", {}),
    ]
    assert list(machine.filled) == ["plain_text"]


def test_plain_text_streams_once_512_characters_came() -> None:
    machine = JsonSeq()
    assert machine.feed("x" * 511) == []
    names = [name for name, _ in machine.feed("y" * 20)]
    assert names[:4] == ["thinking_start", "phase_start", "phase_delta", "thinking_end"]
    assert set(names[4:]) == {"final_delta"}


def test_nothing_at_all_is_filled_with_the_error_marker() -> None:
    assert converted("") == [
        ("thinking_start", {}),
        *FILLED_PHASE,
        ("thinking_end", {}),
        ("final_delta", {"text": ERROR_MARKER}),
        ("final_end", {}),
    ]


def test_a_document_cut_in_a_phase_is_closed_and_gets_the_marker() -> None:
    events = merged(converted('<thinking><phase id="1"><title>T</title>half'))
    assert events[-4:] == [
        ("phase_delta", {"id": 1, "text": "half"}),
        ("thinking_end", {}),
        ("final_delta", {"text": ERROR_MARKER}),
        ("final_end", {}),
    ]


def test_a_phase_without_title_is_named_by_its_number() -> None:
    events = converted('<thinking><phase id="1">x</phase></thinking><final>f</final>')
    assert ("phase_start", {"id": 1, "title": "阶段1"}) in events


def test_long_texts_are_cut_to_128_characters() -> None:
    text = "A sentence of words. " * 40
    events = converted(f"<thinking></thinking><final>{text}</final>")
    parts = [data["text"] for name, data in events if name == "final_delta"]
    assert max(map(len, parts)) <= 128
    assert "".join(parts) == text.strip()


FRAGMENTS = st.sampled_from(
    [
        *("<thinking>", "</thinking>", '<phase id="1">', "</phase>", "<title>", "</title>"),
        *("<final>", "</final>", "<serp>", "</serp>", "<think>", "</think>", "<", ">", "\n", " "),
        *(
            "words ",
            "<!-- ",
            "<serp_queries>\n",
            '["q"]',
            "\n</serp_queries>",
            " -->",
            "标题",
            "</",
        ),
        *('{"event":"thinking_start"}\n', '{"event":"final_delta","text":"t"}', "{", "x" * 300),
    ]
)


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(FRAGMENTS, max_size=20), data=st.data())
def test_the_events_do_not_depend_on_the_cuts(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=10))
    whole = merged(converted(text))
    assert merged(converted(text, cuts)) == whole
    assert merged(converted(text, list(range(len(text))))) == whole


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=2000))
def test_every_text_ends_with_all_parts(text: str) -> None:
    names = [name for name, _ in converted(text)]
    for part in ("thinking_start", "thinking_end", "final_delta", "final_end"):
        assert part in names


@given(text=st.text(max_size=1000))
def test_cut_texts_join_to_the_same(text: str) -> None:
    parts = list(pieces(text))
    assert "".join(parts) == text
    assert all(len(part) <= 128 for part in parts) or parts == [text]
