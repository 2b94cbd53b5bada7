"""Builders of shapes: defaults plus what the test cares about, and a bounded wait."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Return once the condition holds; fail after that many seconds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the condition is somebody else's state
            await asyncio.sleep(0.002)
