"""The quick path and the ordinary one say the same of any stream, wherever it is cut into reads."""

import asyncio
from dataclasses import asdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chat.types import Outcome, Reply
from tests.support.scripted_wire import END, STREAM_HEAD, talk

ODD = [
    b'event: content_delta\ndata: {"message_id":"m1","seq":1,"delta":"again "}\n\n',
    b'event: content_delta\ndata: {"message_id":"m2","seq":70,"delta":"other "}\n\n',
    b'event: content_delta\ndata: {"delta":"no number "}\n\n',
    b'event: content_delta\ndata: {"seq":81,"delta":5}\n\n',
    b'event: content_delta\ndata: {"seq":true,"delta":"true "}\n\n',
    b'event: content_delta\ndata: {"seq":82,"delta":"cut\n\n',
    b"event: content_delta\ndata: [1,2]\n\n",
    b"event: content_delta\ndata:\n\n",
    b'event: content_delta\ndata: {"seq":83,\ndata: "delta":"two lines"}\n\n',
    b'event: content_delta\ndata: {"seq":84,"delta":"nul \\u0000"}\n\n',
    b'event: content_delta\ndata: {"seq":85,"delta":"bad \xff"}\n\n',
    b'event: content_delta\ndata: {"seq":86,"delta":"lone \\ud800"}\n\n',
    b'event: content_delta\r\ndata: {"seq":87,"delta":"crlf"}\r\n\r\n',
    b'event: content_delta\ndata: {"seq":88,"delta":"error completed"}\n\n',
    b'event: content_delta\ndata: {"seq":89,"delta":"  "}\n\n',
    b'data: {"seq":90,"delta":"no name"}\n\n',
    b"event: heartbeat\ndata: {}\n\n",
    b": comment\n\n",
    b"\n\n",
    b'event: status\ndata: {"state":"routed","model":"x"}\n\n',
    b'event: final_delta\ndata: {"text":"structured"}\n\n',
    b'event: other\ndata: {"a":1}\n\n',
    b"0\r\n\r\n",
]
ENDS = [
    b'event: completed\ndata: {"status":"completed"}\n\n',
    b'event: completed\ndata: {"status":"completed"}\n\n' + ODD[0],
    b'event: error\ndata: {"code":"boom","message":"it broke"}\n\n',
    b"",
    b"event: comple",
]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The reads of one response."""
    events: list[bytes] = []
    for seq in range(1, draw(st.integers(1, 12))):
        if draw(st.integers(0, 3)) == 0:
            events.append(draw(st.sampled_from(ODD)))
        events.append(
            b'event: content_delta\ndata: {"message_id":"m1","seq":%d,"delta":"w%d "}\n\n'
            % (seq, seq)
        )
    events.append(draw(st.sampled_from(ENDS)))
    pieces = events if draw(st.booleans()) else cut(draw, b"".join(events), 6)
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece]
    raw = [STREAM_HEAD, *chunks, draw(st.sampled_from((END, END, b"0\r\n", b"zz\r\n")))]
    return raw if draw(st.booleans()) else cut(draw, b"".join(raw), 8)


def cut(draw: st.DrawFn, data: bytes, most: int) -> list[bytes]:
    at = sorted(draw(st.lists(st.integers(0, len(data)), max_size=most)))
    pieces = [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]
    return [piece for piece in pieces if piece]


def known(reply: Reply) -> dict[str, Any]:
    """Everything that is no time; where a time is, that there is one."""
    values = asdict(reply)
    times = values.pop("timings")
    values.pop("gaps_ms")
    if reply.outcome is Outcome.LIMIT:  # the quick one notices it up to 32 KB later
        values.pop("bytes_received")
    values["was_flagged"] = sorted(reply.was_flagged)  # read together, oddities come together
    return values | {name: value is None for name, value in times.items()}


@settings(max_examples=150, deadline=None)
@given(st.lists(streams(), min_size=1, max_size=3), st.integers(3, 40))
def test_the_quick_path_says_what_the_ordinary_one_says(
    replies: list[list[bytes]], max_events: int
) -> None:
    found = [
        [known(r) for r in asyncio.run(talk(*replies, max_events=max_events, is_quick=is_quick))]
        for is_quick in (True, False)
    ]
    assert found[0] == found[1]


def test_a_plain_stream_gives_its_gaps_text_and_end_in_both_ways() -> None:
    deltas = [
        b'event: content_delta\ndata: {"message_id":"m1","seq":%d,"delta":"w%d "}\n\n' % (n, n)
        for n in range(1, 65)
    ]
    events = [*deltas, b'event: completed\ndata: {"status":"completed"}\n\n']
    reads = [STREAM_HEAD, *(b"%x\r\n%b\r\n" % (len(e), e) for e in events)]
    reads[-1] += END
    for is_quick in (True, False):
        for reply in asyncio.run(talk(reads, reads, max_events=100, is_quick=is_quick)):
            assert reply.outcome is Outcome.COMPLETED
            assert reply.text == "".join(f"w{n} " for n in range(1, 65))
            assert reply.sequence == tuple(range(1, 65))
            assert reply.event_count == 65
            assert len(reply.gaps_ms) == 64
            assert reply.bytes_received == sum(map(len, events))
