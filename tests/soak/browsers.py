"""Chromium pages that stay open beside a soak: one stays where it is, the others move."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

from playwright.async_api import Browser, Error, Page

PATHS = (
    "/", "/e2e", "/executions", "/simulator", "/simulator/load", "/models", "/mapping",
    "/prompts", "/agents", "/logs", "/audit", "/settings", "/sync",
)  # fmt: skip
_LIVE = ".gb-conn[data-state=live]"
_PATIENCE_MS = 90_000


class Visitors:
    """Pages of one browser; `problems` holds script errors and pages that never became live."""

    def __init__(self, url: str, rest_s: float) -> None:
        self._url = url
        self._rest_s = rest_s
        self.problems: list[str] = []
        self.visits = 0
        self.pages: list[Page] = []

    async def come(self, browser: Browser, count: int) -> None:
        """Open the pages, in both languages and looks."""
        for number in range(count):
            context = await browser.new_context(
                locale=("zh-CN", "en-US")[number % 2],
                color_scheme=("light", "dark")[number // 2 % 2],
                reduced_motion="reduce",
            )
            context.set_default_timeout(_PATIENCE_MS)
            page = await context.new_page()
            page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
            await self._go(page, "/")
            self.pages.append(page)

    async def wander(self) -> None:
        """Move all pages but the first until cancelled."""
        await asyncio.gather(
            *(
                self._walk(page, cycle(PATHS[at:] + PATHS[:at]))
                for at, page in enumerate(self.pages[1:], 1)
            )
        )

    async def _walk(self, page: Page, paths: Iterator[str]) -> None:
        for path in paths:
            await asyncio.sleep(self._rest_s)
            await self._go(page, path)

    async def _go(self, page: Page, path: str) -> None:
        try:
            await page.goto(f"{self._url}{path}", wait_until="domcontentloaded")
            await page.wait_for_selector(_LIVE)
            self.visits += 1
        except Error as error:
            self.problems.append(f"{path}: {str(error).splitlines()[0]}")

    async def are_live(self) -> int:
        """Return how many pages are live again (they come back by themselves)."""
        live = 0
        for page in self.pages:
            with suppress(Error):
                await page.wait_for_selector(_LIVE)
                live += 1
        return live
