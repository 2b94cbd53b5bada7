"""The event splitter: line ends, BOM, UTF-8 over chunk borders, limits, against a slow reference."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.wire.sse import SseLimitError, SseSplitter

NASTY = "\ufeffdata: a\r\rdata: b\r\n\r\ndata: c\u2028d\x0be\x85f\n\ndata:nospace\nid: 1\nretry: 9\nevent: odd\n\n".encode()


def reference(raw: bytes) -> list[tuple[str, str]]:
    """The living standard's algorithm on the whole text at once."""
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    events, name, data = [], "", []
    for line in re.split("\r\n|\r|\n", text)[:-1]:
        if not line:
            if data:
                events.append((name or "message", "\n".join(data)))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
    return events


def split(raw: bytes, sizes: list[int]) -> list[tuple[str, str]]:
    splitter, events, at = SseSplitter(), [], 0
    for size in sizes:
        events += splitter.feed(raw[at : at + size])
        at += size
    return events + splitter.feed(raw[at:])


def test_cr_lf_crlf_bom_and_odd_separators_are_read_as_the_standard_says() -> None:
    assert split(NASTY, []) == [
        ("message", "a"),
        ("message", "b"),
        ("message", "c\u2028d\x0be\x85f"),
        ("odd", "nospace"),
    ]


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert split(NASTY, [1] * len(NASTY)) == split(NASTY, [])


PIECES = st.sampled_from(
    [
        "data: ",
        "data:",
        "event: x",
        "event",
        ": note",
        "id: 1",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "你好🧪",
        "{}",
        "\u2028",
        "a:b",
        "\ufeff",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join), st.lists(st.integers(0, 5), max_size=60))
def test_no_border_between_chunks_changes_what_is_read(text, sizes) -> None:
    raw = text.encode()
    assert split(raw, sizes) == reference(raw)


def test_a_character_split_over_chunks_is_whole_and_not_flagged() -> None:
    splitter = SseSplitter()
    raw = "data: 🧪\n\n".encode()
    events = [event for byte in raw for event in splitter.feed(bytes([byte]))]
    assert events == [("message", "🧪")]
    assert not splitter.has_invalid_utf8


def test_invalid_utf8_is_replaced_and_flagged() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"data: \xff ok\n\n") == [("message", "\ufffd ok")]
    assert splitter.has_invalid_utf8


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_line_over_its_limit_is_refused_after_the_events_before_it(size) -> None:
    splitter = SseSplitter(max_line=1000)
    raw = b"data: first\n\ndata: " + b"x" * 2000 + b"\n\n"
    seen: list[tuple[str, str]] = []

    def feed_all() -> None:
        for at in range(0, len(raw), size):
            seen.extend(splitter.feed(raw[at : at + size]))

    with pytest.raises(SseLimitError) as caught:
        feed_all()
    assert caught.value.limit == "line"
    assert seen + caught.value.events == [("message", "first")]


def test_an_event_of_many_lines_is_bounded() -> None:
    splitter = SseSplitter(max_event=1000)
    with pytest.raises(SseLimitError) as caught:
        splitter.feed(b"data: y\n" * 501)
    assert caught.value.limit == "event"


def test_the_number_of_events_is_bounded() -> None:
    splitter = SseSplitter(max_events=3)
    with pytest.raises(SseLimitError) as caught:
        splitter.feed(b"data: y\n\n" * 4)
    assert caught.value.limit == "events"
    assert len(caught.value.events) == 3


def test_an_unfinished_event_is_noticed_and_not_given() -> None:
    splitter = SseSplitter()
    assert splitter.feed(b"data: whole\n\ndata: half") == [("message", "whole")]
    assert splitter.has_partial
    splitter.feed(b"\n\n")
    assert not splitter.has_partial
