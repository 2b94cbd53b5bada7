"""A uvicorn server that ends at once and leaves this process's signals alone."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn

_TICK_S = 0.005  # uvicorn's own tenth of a second is what most of a short test would wait for


class QuickServer(uvicorn.Server):
    """Serves until `should_exit`; looks at it two hundred times a second."""

    async def main_loop(self) -> None:
        """Return when it shall end."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864_000
            await asyncio.sleep(_TICK_S)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave SIGINT and SIGTERM to pytest."""
        yield
