"""ChatClient against a real socket: every end has its outcome and its word."""

import pytest

from services.chat.client import ChatClient
from services.chat.types import ChatEvent, Outcome
from tests.support.chat import ANONYMOUS, a_request
from tests.support.upstream import (
    CUT_JSON,
    GARBAGE,
    GOOD_REPLY,
    RESET,
    Answer,
    FakeUpstream,
    Turn,
    cut_after,
    e1,
    e3,
    failing,
    good,
    html,
    jsonseq,
    no_terminal,
    opening,
    redirect,
    refused,
)


async def test_a_whole_reply_comes_back_with_every_fact(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", good(repaired=True))
    seen: list[ChatEvent] = []
    reply = await chat.converse(
        a_request(upstream, tool_choice="auto", metadata={"e2e": True}), seen.append
    )
    assert (reply.outcome, reply.error, reply.text) == (Outcome.COMPLETED, "", GOOD_REPLY)
    assert reply.sequence == (1, 2, 3, 4)
    assert reply.routed["resolved_model"] == "m-1"
    assert reply.terminal["repaired"] is True
    assert reply.event_count == len(seen) == 8
    assert len(reply.message_id) == 32
    assert reply.bytes_received > 2048
    times = reply.timings
    assert times.accepted_ms is not None
    assert times.first_event_ms is not None
    assert times.first_delta_ms is not None
    assert 0 < times.accepted_ms <= times.first_event_ms <= times.first_delta_ms <= times.total_ms
    post, events = upstream.calls
    assert post.body == {
        "text": "每日测试连通性和tools工具可用性",
        "model": "model-a",
        "metadata": {"e2e": True},
        "result_mode": "raw_passthrough",
        "tool_choice": "auto",
    }
    assert post.headers["x-request-id"] == events.headers["x-request-id"] == reply.request_id
    assert post.headers["authorization"] == events.headers["authorization"] == f"Bearer {ANONYMOUS}"
    assert events.headers["accept"] == "text/event-stream"
    assert events.headers["accept-encoding"] == "identity"
    assert events.query == f"conversation_id={reply.conversation_id}"


async def test_one_conversation_is_one_post_and_one_events_call(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    upstream.play("model-a", cut_after(2))
    await chat.converse(a_request(upstream))
    assert [call.name for call in upstream.calls] == ["post", "events"]


async def test_a_given_conversation_goes_on(chat: ChatClient, upstream: FakeUpstream) -> None:
    conversation_id = "6b1f9a3e-8f0e-4a57-9d0e-0d5c6a4f1c11"
    reply = await chat.converse(a_request(upstream, conversation_id=conversation_id))
    assert reply.conversation_id == conversation_id
    assert upstream.calls[0].body["conversation_id"] == conversation_id


async def test_jsonseq_is_never_empty(chat: ChatClient, upstream: FakeUpstream) -> None:
    upstream.play("model-a", jsonseq())
    reply = await chat.converse(a_request(upstream))
    assert (reply.outcome, reply.protocol) == (Outcome.COMPLETED, "jsonseq_v1")
    assert reply.text == "先看问题。\n\n连通正常。"


ENDS: list[tuple[str, Turn, Outcome, str, int | None]] = [
    ("error event", failing(), Outcome.ERROR_EVENT, "provider_error", None),
    ("cut", cut_after(3), Outcome.INCOMPLETE, "sse_stream_incomplete", None),
    ("reset", cut_after(3, "reset"), Outcome.INCOMPLETE, "sse_stream_incomplete", None),
    ("no terminal", no_terminal(), Outcome.INCOMPLETE, "sse_stream_incomplete", None),
    ("401", refused(401, "token_expired"), Outcome.REFUSED, "token_expired", 401),
    ("403", refused(403, "ANONYMOUS_ACCESS_DENIED"), Outcome.REFUSED, "ANONYMOUS_ACCESS_DENIED", 403),
    ("429", refused(429, "RATE_LIMIT_EXCEEDED"), Outcome.REFUSED, "RATE_LIMIT_EXCEEDED", 429),
    ("422", Turn(accept=e3("model_not_allowed")), Outcome.REFUSED, "model_not_allowed", 422),
    ("500", refused(500, "internal_server_error"), Outcome.REFUSED, "internal_server_error", 500),
    ("502 html", Turn(accept=html(502)), Outcome.REFUSED, "messages_create_failed: HTTP 502", 502),
    ("404", Turn(accept=Answer(404, {"detail": "Not Found"})), Outcome.REFUSED, "messages_create_failed: HTTP 404", 404),
    ("redirected post", Turn(accept=redirect("http://127.0.0.1:1/")), Outcome.REFUSED, "messages_create_failed: HTTP 302", 302),
    ("captive portal", Turn(accept=html()), Outcome.MALFORMED, "messages_response_missing_ids", 200),
    ("no ids", Turn(accept=Answer(202, {"message_id": 5})), Outcome.MALFORMED, "messages_response_missing_ids", 202),
    ("post is no HTTP", Turn(accept=GARBAGE), Outcome.MALFORMED, "messages_response_malformed", None),
    ("post reset", Turn(accept=RESET), Outcome.UNREACHABLE, "connection_lost", None),
    ("post cut", Turn(accept=CUT_JSON), Outcome.UNREACHABLE, "connection_lost", None),
    ("events 404", opening(Answer(404)), Outcome.STREAM_REFUSED, "sse_connect_failed:404", 404),
    ("events 429", opening(e1(429, "SSE_CONCURRENCY_LIMIT_EXCEEDED")), Outcome.STREAM_REFUSED, "sse_connect_failed:429", 429),
    ("events redirected", opening(redirect("http://127.0.0.1:1/")), Outcome.STREAM_REFUSED, "sse_connect_failed:302", 302),
    ("events html", opening(html()), Outcome.MALFORMED, "not_a_stream", 200),
    ("events no HTTP", opening(GARBAGE), Outcome.MALFORMED, "sse_stream_malformed", None),
    ("events reset", opening(RESET), Outcome.UNREACHABLE, "sse_connect_failed:cut", None),
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=[end[0] for end in ENDS])
async def test_every_end_is_a_reply_with_its_word(
    chat: ChatClient, upstream: FakeUpstream, end: tuple[str, Turn, Outcome, str, int | None]
) -> None:
    _what, turn, outcome, error, status = end
    upstream.play("model-a", turn)
    reply = await chat.converse(a_request(upstream))
    assert (reply.outcome, reply.error, reply.status) == (outcome, error, status)
    assert reply.timings.total_ms > 0
    is_of_post = outcome is Outcome.REFUSED or error.startswith(("messages_", "connection_"))
    assert (reply.timings.accepted_ms is None) == is_of_post


async def test_nobody_listening_is_unreachable(chat: ChatClient, upstream: FakeUpstream) -> None:
    for base, word in [
        ("http://127.0.0.1:1/api/v1", "connection_refused"),
        ("http://169.254.169.254/api/v1", "connection_forbidden"),
        ("ftp://x/api/v1", "connection_bad_request"),
        ("nonsense", "connection_bad_request"),
        ("http://user:pw@127.0.0.1/api/v1", "connection_bad_request"),
    ]:
        reply = await chat.converse(a_request(upstream, api_base=base))
        assert (reply.outcome, reply.error) == (Outcome.UNREACHABLE, word)
        assert "pw" not in reply.error_text


async def test_text_that_cannot_be_sent_is_a_reply_too(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    reply = await chat.converse(a_request(upstream, text="\ud800"))
    assert (reply.outcome, reply.error) == (Outcome.MALFORMED, "TypeError")
    reply = await chat.converse(a_request(upstream, access_token="a\nb"))
    assert reply.error == "connection_bad_request"


async def test_a_reply_that_memory_cannot_hold_fails_alone(
    chat: ChatClient, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("services.chat.assembler.Assembler.take", no_room)
        reply = await chat.converse(a_request(upstream))
    assert (reply.outcome, reply.error) == (Outcome.MALFORMED, "MemoryError")
    assert chat.open_count == 0
    assert (await chat.converse(a_request(upstream))).outcome is Outcome.COMPLETED


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("", None), ("later", None)])
async def test_the_wait_of_a_429_is_read(
    chat: ChatClient, upstream: FakeUpstream, header: str, seconds: int | None
) -> None:
    upstream.play("model-a", refused(429, "model_daily_quota_exceeded", retry_after=header))
    reply = await chat.converse(a_request(upstream))
    assert (reply.status, reply.retry_after_s) == (429, seconds)
