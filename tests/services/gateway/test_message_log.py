"""Event logs: bounded per message and in total, expiring, woken."""

import asyncio

import pytest

from services.gateway import message_log
from services.gateway.message_log import Board, BuffersFullError
from tests.support.clock import FakeClock


def test_sent_events_give_their_room_back(clock: FakeClock) -> None:
    board = Board(clock)
    log = board.open("m", "c", "u", "r")
    log.append([b"one", b"two"])
    chunk, count = log.peek()
    assert (chunk, count) == (b"onetwo", 2)
    log.confirm(1)
    assert log.peek() == (b"two", 1)
    log.confirm(5)
    assert board.size == log.size == 0


def test_a_chunk_holds_at_most_64_kilobytes_or_one_event(clock: FakeClock) -> None:
    log = Board(clock).open("m", "c", "u", "r")
    log.append([b"x" * 40_000, b"y" * 40_000, b"z" * 100_000])
    assert log.peek()[1] == 1
    log.confirm(1)
    assert log.peek()[1] == 1
    log.confirm(1)
    assert len(log.peek()[0]) == 100_000


def test_ended_messages_nobody_reads_give_way_first(clock: FakeClock) -> None:
    board = Board(clock, total_max_bytes=100)
    ended, living = board.open("a", "c", "u", "r"), board.open("b", "c", "u", "r")
    ended.append([b"x" * 60])
    ended.close(b"end")
    living.append([b"y" * 60])
    assert ended.size == 0
    assert ended.terminal == b"end"
    with pytest.raises(BuffersFullError):
        living.append([b"y" * 60])
    assert board.size == 60


def test_one_message_is_bounded(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_log, "MESSAGE_MAX_BYTES", 10)
    log = Board(clock).open("a", "c", "u", "r")
    log.append([b"x" * 10])
    with pytest.raises(BuffersFullError):
        log.append([b"x"])


async def test_ended_messages_are_forgotten_after_15_minutes_but_not_while_followed(
    clock: FakeClock,
) -> None:
    board = Board(clock)
    followed, lonely, living = (board.open(name, "c", "u", "r") for name in "abc")
    followed.is_followed = True
    for log in (followed, lonely):
        log.close(b"end")
    await clock.advance(899)
    assert board.expire() == 0
    await clock.advance(1)
    assert board.expire() == 1
    assert board.find("b") is None
    assert board.find("a") is followed
    assert board.find("c") is living


async def test_waiting_ends_with_an_event_a_wake_or_the_time(clock: FakeClock) -> None:
    log = Board(clock).open("m", "c", "u", "r")
    for act in (lambda: log.append([b"x"]), log.wake):
        waiting = asyncio.ensure_future(log.wait(30))
        await asyncio.sleep(0)
        act()
        await asyncio.wait_for(waiting, 1)
        log.drop()
    await asyncio.wait_for(log.wait(0.01), 1)
    log.close(b"end")
    await asyncio.wait_for(log.wait(30), 1)
