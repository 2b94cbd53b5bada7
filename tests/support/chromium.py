"""A real Chromium, silent towards the world, and the preview as a process of its own."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.process import ROOT, plain_environment
from tests.support.shots import CHROMIUM, FLAGS

# The two cores of a test machine are shared by three workers, their consoles and browsers.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


class PreviewProcess:
    """`python -m tests.support.preview` on its own port and storage folder."""

    def __init__(self, port: int, folder: Path, *flags: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "tests.support.preview", "--port", str(port), *flags]
        self._environment = plain_environment({"NICEGUI_STORAGE_PATH": str(folder / "ui")})
        self._log = folder / "preview.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "PreviewProcess":
        """Return when the first page answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return self
            time.sleep(0.1)
        raise RuntimeError(self.log())

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def log(self) -> str:
        """What it said."""
        return self._log.read_text()


@asynccontextmanager
async def shared_chromium() -> AsyncGenerator[None]:
    """While it lasts, `chromium()` on this loop yields one browser instead of starting one each time."""
    async with chromium() as browser:
        loop = asyncio.get_running_loop()
        _shared[loop] = browser
        try:
            yield
        finally:
            del _shared[loop]


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """A browser that resolves no name but this machine's."""
    shared = _shared.get(asyncio.get_running_loop())
    if shared is not None and shared.is_connected():
        yield shared  # what a test opened in it closes with its page's context
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


_shared: dict[asyncio.AbstractEventLoop, Browser] = {}


@asynccontextmanager
async def a_page(
    browser: Browser,
    url: str,
    *,
    locale: str = "zh-CN",
    size: tuple[int, int] = (1280, 800),
    dark: bool = False,
    moves: bool = False,
    before: str = "",
    cookie: Mapping[str, str] | None = None,
) -> AsyncGenerator[Page]:
    """A page that is live; it fails the test on a script error or a request to elsewhere.

    Motion is off but where a test is about it: drawing it takes a tenth of the processor.
    """
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=locale,
        color_scheme="dark" if dark else "light",
        reduced_motion="no-preference" if moves else "reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    if before:
        await context.add_init_script(before)
    if cookie is not None:
        await context.add_cookies([cast("Any", cookie)])
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    origin = "/".join(url.split("/")[:3])
    ours = (origin, origin.replace("http", "ws"), "data:", "blob:")
    page.on(
        "request",
        lambda request: (
            problems.append(f"went to {request.url}") if not request.url.startswith(ours) else None
        ),
    )
    try:
        await page.goto(url)
        await page.wait_for_selector(".gb-conn[data-state=live]")
        yield page
    finally:
        await context.close()
    assert not problems, problems
