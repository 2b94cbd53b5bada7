"""The real window, Qt on a screen of its own: shown, raised, asked, closed, and back in its place."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from services.operator.ports import find_free_port
from tests.support.builders import until
from tests.support.devtools import evaluate
from tests.support.process import ConsoleProcess, run_command
from tests.support.x_display import Screen, a_screen

pytestmark = [
    pytest.mark.window,
    pytest.mark.browser,
    pytest.mark.xdist_group("desktop"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Xvfb is for X11"),
]
PATIENCE_S = 100.0
PLACE = (40, 30, 1100, 720)
TITLE = "GymBro Console"
_BUTTON = "[...document.querySelectorAll('.q-dialog button')].find(b => b.innerText.includes('{}'))"


class Page:
    """What the window's page shows."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def until(self, script: str) -> None:
        """Return once the script's value is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not await evaluate(self._port, script):  # noqa: ASYNC110  # the page's state
                await asyncio.sleep(0.1)

    async def press(self, words: str) -> None:
        await self.until(f"!!({_BUTTON.format(words)})")
        await evaluate(self._port, f"{_BUTTON.format(words)}.click()")


def start_long_run(console: ConsoleProcess) -> None:
    with console.operator() as client:
        body = {"users": 1, "seconds": 300, "rate": 0.5}
        answer = client.post("/llm/tests/load", json=body)
        assert answer.status_code in (200, 202), answer.text


async def test_the_window_is_opened_once_asks_before_it_closes_and_comes_back_in_its_place(
    tmp_path: Path,
) -> None:
    port, devtools = find_free_port(), find_free_port()
    data, page = tmp_path / "data", Page(devtools)
    with a_screen(tmp_path) as screen:
        session = {
            "DISPLAY": screen.name,
            "LANG": "en_US.UTF-8",
            "QTWEBENGINE_CHROMIUM_FLAGS": f"--remote-debugging-port={devtools}",
        }
        console = ConsoleProcess(data, port, environment=session, options=("--native",)).start()
        try:
            await until(lambda: screen.windows(TITLE), PATIENCE_S)
            await page.until("document.querySelector('.gb-conn')?.dataset.state === 'live'")
            window = screen.windows(TITLE)[0]
            await until(lambda: screen.title(window) == f"Overview · {TITLE}", PATIENCE_S)
            await until(lambda: len(_colours(screen, window)) > 30, PATIENCE_S)
            screen.picture().save(tmp_path / "window.png")

            again = run_command(
                "run", "--native", "--no-browser", "--data-dir", str(data), environment=session
            )
            assert (again.returncode, "its window is in front" in again.stderr) == (0, True), again
            assert screen.windows(TITLE) == [window]

            screen.move(window, PLACE)
            await until(lambda: screen.place(window) == PLACE, PATIENCE_S)
            start_long_run(console)
            screen.press_close(window)
            await page.press("Stay")
            await page.until("!document.querySelector('.q-dialog .gb-leaving__list li')")
            screen.press_close(window)
            await page.press("Cancel them and quit")
            await until(lambda: not console.is_ready(), PATIENCE_S)
            assert console.stop() == 0, console.log()
            assert _kept(data) == PLACE
        finally:
            console.stop()
        await _a_console_without_a_window_gets_one(data, port, screen, session)


async def _a_console_without_a_window_gets_one(
    data: Path, port: int, screen: Screen, session: dict[str, str]
) -> None:
    console = ConsoleProcess(data, port).start()
    try:
        asked = run_command(
            "run", "--native", "--no-browser", "--data-dir", str(data), environment=session
        )
        assert asked.returncode == 0, asked.stderr
        await until(lambda: screen.windows(TITLE), PATIENCE_S)
        window = screen.windows(TITLE)[0]
        await until(lambda: screen.place(window) == PLACE, PATIENCE_S)
        screen.press_close(window)
        await until(lambda: not screen.windows(TITLE), PATIENCE_S)
        assert console.is_ready()
    finally:
        assert console.stop() == 0, console.log()


def _colours(screen: Screen, window: int) -> set[tuple[int, int, int]]:
    return screen.picture().colours(*screen.place(window))


def _kept(data: Path) -> Any:
    held = json.loads((data / "ui" / "window" / "window.json").read_text())
    return tuple(held[name] for name in ("x", "y", "width", "height"))
