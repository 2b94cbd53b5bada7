"""Known heads: a response whose head came before is what the parser would have made of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.wire.heads import Heads
from services.wire.reply import Reply
from services.wire.types import Limits, WireError

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n again\r\n0\r\n\r\n"
)
ODD = [
    b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    b"HTTP/1.1 200 OK\r\nX: a\r\nX: b\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    PLAIN + b"more",
    CHUNKED + b"more",
    b"HTTP/1.1 200 OK\r\n\r\nends by closing",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"\r\n\r\n" + PLAIN,
]


def read(reply: Reply, reads: list[bytes]) -> dict[str, Any]:
    """What came of one response."""
    reply.reset()
    error = ""
    for data in reads:
        try:
            reply.feed(data)
        except WireError as failure:
            error = str(failure)
            break
    return {
        "error": error,
        "body": b"".join(reply.pieces),
        "headers": dict(reply.headers),
        **{
            name: getattr(reply, name)
            for name in ("status", "has_head", "is_done", "keeps_alive", "is_tainted", "received")
        },
    }


@given(st.data())
def test_a_known_head_changes_nothing_wherever_the_response_is_cut(data: st.DataObject) -> None:
    heads = Heads()
    for raw in data.draw(st.lists(st.sampled_from([PLAIN, CHUNKED, *ODD]), max_size=6)):
        read(Reply(Limits(), heads), [raw])  # learns
    raw = data.draw(st.sampled_from([PLAIN, CHUNKED, *ODD]))
    at = data.draw(st.integers(0, len(raw)))
    reads = [piece for piece in (raw[:at], raw[at:]) if piece]
    assert read(Reply(Limits(), heads), reads) == read(Reply(Limits()), reads)


@pytest.mark.parametrize("raw", [PLAIN, CHUNKED])
def test_the_second_answer_under_a_head_needs_no_parser(raw: bytes) -> None:
    heads = Heads()
    assert heads.whole(raw) is None
    first = read(Reply(Limits(), heads), [raw])
    assert heads.whole(raw) is not None
    reply = Reply(Limits(), heads)
    assert read(reply, [raw]) == first
    assert read(reply, [PLAIN]) == read(Reply(Limits()), [PLAIN])  # its parser is as it was


def test_dates_in_heads_do_not_fill_the_memory() -> None:
    heads = Heads()
    for second in range(2_000):
        raw = PLAIN.replace(b"OK\r\n", b"OK\r\nDate: %d\r\n" % second)
        assert read(Reply(Limits(), heads), [raw])["body"] == b"hello"
    assert len(heads._known) <= 512
