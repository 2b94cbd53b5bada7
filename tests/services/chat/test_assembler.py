"""Assembler: what counts as text, first text, end, and oddity."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chat.assembler import Assembler, read_json
from services.chat.types import Outcome, Reply
from tests.support.replies import jsonseq

BASE = Reply(Outcome.INCOMPLETE, "rid", error="sse_stream_incomplete")


def assemble(*events: tuple[str, Any]) -> tuple[Reply, Assembler]:
    """Feed events 10 ms apart; data that is not text is sent as JSON."""
    assembler = Assembler("rid", "mid")
    for number, (name, data) in enumerate(events, 1):
        raw = data if isinstance(data, str) else json.dumps(data)
        assembler.take(name, raw, number * 10.0)
    return assembler.reply(BASE), assembler


def delta(seq: Any, text: Any) -> tuple[str, Any]:
    return ("content_delta", {"seq": seq, "delta": text})


def test_text_is_joined_by_seq_and_the_sequence_kept_as_it_arrived() -> None:
    reply, _ = assemble(delta(2, "b"), delta(1, "a"), delta(3, "c"), ("completed", {}))
    assert (reply.text, reply.sequence, reply.outcome) == ("abc", (2, 1, 3), Outcome.COMPLETED)
    assert reply.error == ""


def test_a_repeated_seq_is_not_joined_twice() -> None:
    reply, _ = assemble(delta(1, "a"), delta(1, "a"), delta(2, "b"))
    assert (reply.text, reply.sequence) == ("ab", (1, 1, 2))
    assert "duplicate_seq" in reply.was_flagged


def test_without_seq_the_order_of_arrival_counts() -> None:
    reply, _ = assemble(delta(None, "a"), delta(True, "b"), delta(1, "c"))
    assert (reply.text, reply.sequence) == ("abc", (1,))
    assert "missing_seq" in reply.was_flagged


def test_first_text_is_the_first_that_can_be_seen() -> None:
    _, assembler = assemble(
        ("heartbeat", {}),
        ("status", {"state": "queued"}),
        delta(1, ""),
        delta(2, "\n"),
        delta(3, "a"),
    )
    assert (assembler.first_event_ms, assembler.first_delta_ms) == (20.0, 50.0)


def test_role_only_and_foreign_events_are_no_text() -> None:
    reply, assembler = assemble(
        ("content_delta", {"role": "assistant"}), ("tool_start", {"delta": "x"}), ("message", "hi")
    )
    assert (reply.text, assembler.first_delta_ms) == ("", None)
    assert reply.event_count == 3


def test_the_terminal_event_wins_over_content_and_ends_everything() -> None:
    reply, assembler = assemble(
        delta(1, "a"),
        ("error", {"code": "provider_error", "message": "upstream_http_503", "error": "x"}),
        delta(2, "b"),
        ("completed", {}),
    )
    assert reply.outcome is Outcome.ERROR_EVENT
    assert (reply.error, reply.error_text) == ("provider_error", "upstream_http_503")
    assert (reply.text, reply.event_count) == ("a", 2)
    assert reply.was_flagged == ("events_after_terminal",)
    assert assembler.terminal is not None


@pytest.mark.parametrize(
    ("data", "word", "text"),
    [
        ({"code": "internal_error", "error": "boom"}, "internal_error", "boom"),
        ({"message": "only text"}, "error_event", "only text"),
        ({"code": 5}, "error_event", "error_event"),
        ("not json", "error_event", "error_event"),
        ({"code": "x", "message": "key sk-abcdefghijk leaked"}, "x", "key *** leaked"),
    ],
)
def test_an_error_event_always_has_a_word(data: Any, word: str, text: str) -> None:
    reply, _ = assemble(("error", data))
    assert (reply.error, reply.error_text or reply.error) == (word, text)


def test_jsonseq_events_become_text_and_are_kept() -> None:
    reply, assembler = assemble(*jsonseq(), ("completed", {"reply_len": 7}))
    assert reply.protocol == "jsonseq_v1"
    assert reply.text == "想一想\n\n答案"
    assert [name for name, _ in reply.structured] == [name for name, _ in jsonseq()]
    assert assembler.first_delta_ms == 20.0  # the title of the first phase


def test_routed_and_the_last_data_are_kept() -> None:
    reply, _ = assemble(
        ("status", {"state": "routed", "provider": "openai", "prompt": {"mode": "server"}}),
        ("completed", {"reply_len": 0, "repaired": True}),
    )
    assert reply.routed["prompt"] == {"mode": "server"}
    assert reply.terminal["repaired"] is True


def test_foreign_ids_are_flagged() -> None:
    reply, _ = assemble(("status", {"message_id": "other", "request_id": "rid"}))
    assert reply.was_flagged == ("message_id_mismatch",)


@pytest.mark.parametrize("raw", ['{"a":', "NaN", "[1]", "[" * 100_000, "5", '{"delta": NaN}'])
def test_data_that_is_no_object_is_flagged_and_goes_on(raw: str) -> None:
    reply, _ = assemble(("content_delta", raw), delta(1, "a"), ("completed", {}))
    assert "bad_json_event" in reply.was_flagged
    assert (reply.text, reply.outcome) == ("a", Outcome.COMPLETED)


def test_broken_completed_data_still_ends_the_conversation() -> None:
    reply, _ = assemble(("completed", '{"reply_len":'))
    assert reply.outcome is Outcome.COMPLETED
    assert "bad_json_event" in reply.was_flagged


def test_nul_and_lone_surrogates_never_reach_a_store() -> None:
    reply, _ = assemble(
        ("content_delta", r'{"seq":1,"delta":"a\u0000b"}'),
        ("content_delta", r'{"seq":2,"delta":"\ud800c"}'),
    )
    assert reply.text == "a\ufffdb?c"
    reply.text.encode("utf-8")
    assert "nul_replaced" in reply.was_flagged


@pytest.mark.parametrize(
    "number",
    ["9223372036854775808", "-" + "9" * 30, "1" * 5_000, "1e999"],
    ids=["64 bits", "30 digits", "5,000 digits", "exponent"],
)
def test_a_number_too_large_for_any_column_costs_nothing_of_the_text(number: str) -> None:
    reply, _ = assemble(
        ("content_delta", f'{{"seq":1,"delta":"a","odd":{number}}}'),
        (
            "content_delta",
            f'{{"seq":2,"delta":"{number} is a number","odd":"\\ud800","n":{number}}}',
        ),
        ("completed", f'{{"reply_len":{number}}}'),
    )
    assert (reply.outcome, reply.text) == (Outcome.COMPLETED, f"a{number} is a number")
    kept = reply.terminal["reply_len"]
    assert kept == number or math.isfinite(kept)  # as text where no float holds it
    assert "bad_json_event" not in reply.was_flagged


def test_duplicate_keys_last_wins() -> None:
    assert read_json('{"a":1,"a":2}') == {"a": 2}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["content_delta", "status", "completed", "error", "x"]), st.text()
        )
    )
)
def test_no_events_make_the_assembler_fail(events: list[tuple[str, str]]) -> None:
    reply, _ = assemble(*events)
    reply.text.encode("utf-8")
