"""Result modes as a pure stream of events."""

from services.gateway.delivery import KEPT_TEXT_MAX, Delivery
from services.gateway.frames import DeltaFrames, frame
from services.settings.types import OutputProtocol, ResultMode
from services.suppliers.types import Delta

XML, RAW, AUTO = ResultMode.XML_PLAINTEXT, ResultMode.RAW_PASSTHROUGH, ResultMode.AUTO
THINKINGML, JSONSEQ = OutputProtocol.THINKINGML, OutputProtocol.JSONSEQ


def names(events: list[tuple[str, dict[str, object]]]) -> list[str]:
    return [name for name, _ in events]


def test_raw_passes_everything_as_it_is() -> None:
    delivery = Delivery(RAW, THINKINGML, "d")
    events = delivery.feed(Delta(text="```\n<em>")) + delivery.finish()
    assert events == [("content_delta", {"seq": 1, "delta": "```\n<em>"})]
    assert (delivery.effective, delivery.repairs, delivery.reply_len) == (RAW, [], 8)


def test_auto_decides_for_text_when_it_comes_before_the_fourth_raw_frame() -> None:
    delivery = Delivery(AUTO, THINKINGML, "d")
    for _ in range(3):
        assert delivery.feed(Delta(raw="{}")) == []
    assert names(delivery.feed(Delta(text="x"))) == ["content_delta"]
    assert delivery.feed(Delta(raw="{}")) == []
    assert delivery.finish() == []
    assert delivery.effective is XML


def test_auto_decides_for_raw_at_the_fourth_frame_and_keeps_later_text_raw() -> None:
    delivery = Delivery(AUTO, THINKINGML, "d")
    events = [event for _ in range(4) for event in delivery.feed(Delta(event="e", raw="{}"))]
    assert names(events) == ["upstream_raw"] * 4
    assert events[0][1] == {
        "seq": 1,
        "dialect": "d",
        "upstream_event": "e",
        "raw": "{}",
        "raw_truncated": False,
    }
    later = delivery.feed(Delta(text="<em>", raw="{}"))
    assert names(later) == ["content_delta", "upstream_raw"]
    assert later[0][1]["delta"] == "<em>"
    assert delivery.finish() == []
    assert delivery.effective is RAW


def test_auto_decides_for_raw_after_4096_characters() -> None:
    delivery = Delivery(AUTO, THINKINGML, "d")
    assert delivery.feed(Delta(raw="x" * 4095)) == []
    assert names(delivery.feed(Delta(raw="y"))) == ["upstream_raw"] * 2


def test_auto_without_anything_stays_empty() -> None:
    delivery = Delivery(AUTO, THINKINGML, "d")
    assert delivery.finish() == []
    assert (delivery.effective, delivery.reply_len, delivery.has_text) == (XML, 0, False)


def test_jsonseq_counts_and_names_what_it_made_up() -> None:
    delivery = Delivery(RAW, JSONSEQ, "d")
    assert delivery.feed(Delta(text="plain")) == []
    events = delivery.finish()
    assert "content_delta" not in names(events)
    assert delivery.repairs == ["plain_text"]
    assert delivery.reply_len > len("plain")
    assert delivery.kept_text.endswith("plain")


def test_the_kept_text_is_bounded() -> None:
    delivery = Delivery(RAW, THINKINGML, "d")
    for _ in range(3):
        delivery.feed(Delta(text="x" * 50_000))
    assert len(delivery.kept_text) == KEPT_TEXT_MAX
    assert delivery.reply_len == 150_000


def test_frames_escape_nothing_but_what_json_must() -> None:
    assert frame("e", {"a": '中\n"'}) == 'event: e\ndata: {"a":"中\\n\\""}\n\n'.encode()
    assert frame("e", {"a": "\ud800"}) == b'event: e\ndata: {"a":"?"}\n\n'
    made = DeltaFrames("m", 'r"1').frame(3, "\u2028")
    assert (
        made
        == (
            'event: content_delta\ndata: {"delta":"\u2028","message_id":"m","request_id":"r\\"1","seq":3}\n\n'
        ).encode()
    )
