"""A loop that stood still is told once each time, with how long; a busy but moving one is not."""

import asyncio
import logging
import time

import pytest

from services.foundation import loop_watch
from services.foundation.clock import SystemClock
from services.foundation.loop_watch import LoopWatch
from services.foundation.tasks import Tasks


async def test_a_blocked_loop_is_told_with_its_length_and_a_moving_one_is_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop_watch, "EVERY_S", 0.05)
    monkeypatch.setattr(loop_watch, "LATE_S", 0.3)
    tasks = Tasks()
    with caplog.at_level(logging.WARNING):
        await LoopWatch(SystemClock(), tasks).start()
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert caplog.records == []
        time.sleep(0.5)  # noqa: ASYNC251  # what a slow call on the loop does
        await asyncio.sleep(0.2)
    (told,) = caplog.records
    assert told.getMessage().startswith("the event loop stood still for 0.")
    await tasks.stop(1.0)
