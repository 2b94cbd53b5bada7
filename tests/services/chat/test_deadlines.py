"""ChatClient in time: every deadline, the first text, and cancelling."""

import asyncio
import time
from typing import Any

import pytest

from services.chat.client import ChatClient
from services.chat.types import ChatEvent, Outcome
from services.foundation.clock import SystemClock
from tests.support.chat import a_request
from tests.support.upstream import (
    HANG,
    FakeUpstream,
    Raw,
    Turn,
    completed,
    deltas,
    good,
    heartbeats_only,
    opening,
    routed,
    silent,
)

LATE_S = 8  # what a standing machine may add; a deadline that did not act would take longer


async def timed(
    chat: ChatClient, upstream: FakeUpstream, turn: Turn, **limits: Any
) -> tuple[Any, float]:
    upstream.play("model-a", turn)
    started = time.monotonic()
    reply = await chat.converse(a_request(upstream, **limits))
    return reply, time.monotonic() - started


async def test_the_create_deadline_ends_a_silent_post(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    reply, took = await timed(chat, upstream, Turn(accept=HANG), accept_s=0.2)
    assert (reply.outcome, reply.error) == (Outcome.DEADLINE, "deadline_exceeded")
    assert 0.15 < took < LATE_S


@pytest.mark.parametrize(
    "turn", [silent(), opening(HANG), Turn((Raw(b": c\n\n"), *heartbeats_only().steps[3:]))]
)
async def test_the_first_event_deadline_ends_a_silent_stream(
    chat: ChatClient, upstream: FakeUpstream, turn: Turn
) -> None:
    reply, took = await timed(chat, upstream, turn, first_event_s=0.2)
    assert (reply.outcome, reply.error) == (Outcome.DEADLINE, "deadline_exceeded")
    assert "no event" in reply.error_text
    assert 0.15 < took < LATE_S


async def test_heartbeats_do_not_extend_the_total_deadline(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    reply, took = await timed(chat, upstream, heartbeats_only(0.02), total_s=0.5, first_event_s=0.2)
    assert (reply.outcome, reply.error) == (Outcome.DEADLINE, "deadline_exceeded")
    assert reply.event_count > 10
    assert 0.45 < took < LATE_S
    assert reply.timings.total_ms >= 490


async def test_time_spent_on_the_post_counts(chat: ChatClient, upstream: FakeUpstream) -> None:
    reply, took = await timed(chat, upstream, good(accept_delay_s=0.3, ttft_s=5), total_s=0.6)
    assert reply.outcome is Outcome.DEADLINE
    assert took < 5


async def test_a_server_that_keeps_the_stream_open_after_the_end_does_not_hold_us(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    turn = Turn((*routed(), *deltas("abc"), completed("abc"), *heartbeats_only(0.05).steps[3:]))
    reply, took = await timed(chat, upstream, turn)
    assert reply.outcome is Outcome.COMPLETED
    assert took < LATE_S
    assert reply.timings.total_ms < LATE_S * 1000


async def test_first_text_is_stamped_on_arrival(chat: ChatClient, upstream: FakeUpstream) -> None:
    firsts: list[float] = []
    for _ in range(5):  # the best of five: a busy machine only ever adds
        reply, _ = await timed(chat, upstream, good(ttft_s=0.3, gap_s=0.05))
        assert reply.timings.first_delta_ms is not None
        assert reply.timings.first_event_ms is not None
        assert reply.timings.total_ms - reply.timings.first_delta_ms >= 140  # three gaps
        assert reply.timings.first_delta_ms - reply.timings.first_event_ms >= 290
        firsts.append(reply.timings.first_delta_ms)
    assert min(firsts) == pytest.approx(300, abs=30)


async def test_event_count_is_bounded(chat: ChatClient, upstream: FakeUpstream) -> None:
    reply, _ = await timed(chat, upstream, good("x" * 300, pieces=300), max_events=50)
    assert (reply.outcome, reply.error) == (Outcome.LIMIT, "sse_max_events_exceeded")
    assert reply.event_count == 50


async def test_a_stream_of_exactly_the_limit_is_whole(
    chat: ChatClient, upstream: FakeUpstream
) -> None:
    reply, _ = await timed(chat, upstream, good("x" * 46, pieces=46), max_events=50)
    assert reply.outcome is Outcome.COMPLETED


@pytest.mark.parametrize("turn", [heartbeats_only(), silent(), Turn(accept=HANG), opening(HANG)])
async def test_cancelling_leaves_no_socket_and_no_task(upstream: FakeUpstream, turn: Turn) -> None:
    client = ChatClient(SystemClock())
    upstream.play("model-a", turn)
    before = len(asyncio.all_tasks())
    talk = asyncio.ensure_future(client.converse(a_request(upstream)))
    await asyncio.sleep(0.1)
    assert client.open_count == 1
    talk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talk
    assert client.open_count == 0
    client.close()
    await asyncio.sleep(0.1)
    assert upstream.open_connections == 0
    assert len(asyncio.all_tasks()) == before


async def test_a_failing_watcher_does_not_end_the_conversation(
    chat: ChatClient, upstream: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    def watch(_event: ChatEvent) -> None:
        raise ValueError("broken page")

    reply = await chat.converse(a_request(upstream), watch)
    assert reply.outcome is Outcome.COMPLETED
    assert "broken page" in caplog.text


async def test_connections_are_used_again(chat: ChatClient, upstream: FakeUpstream) -> None:
    for _ in range(5):
        await chat.converse(a_request(upstream))
    assert upstream.open_connections == 1
