"""Work behind the scenes: its end is known, its failure is told, a stop waits for it."""

import asyncio
import logging

import pytest

from services.foundation.tasks import Tasks


async def test_a_task_that_fails_is_told_by_name_with_its_trace_and_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks = Tasks()
    go = asyncio.Event()

    async def fail() -> None:
        raise ZeroDivisionError("by design")

    async def work() -> str:
        await go.wait()
        return "done"

    with caplog.at_level(logging.ERROR):
        failing = tasks.start(fail(), "the failing one")
        working = tasks.start(work(), "the other")
        await asyncio.wait({failing})
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.getMessage() == "task the failing one failed"
    assert "ZeroDivisionError: by design" in caplog.text
    assert tasks.names == ["the other"]
    go.set()
    assert await working == "done"
    await tasks.stop(1.0)


async def test_a_stop_names_what_does_not_end(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    free = asyncio.Event()

    async def stubborn() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.start(stubborn(), "stubborn")
    await asyncio.sleep(0)
    await tasks.stop(0.05)
    assert "task stubborn did not end" in caplog.text
    free.set()
    await task
