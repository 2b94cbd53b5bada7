"""Screens: pictures of every page in each state, size, look and language: python -m tests.support.screens."""

import argparse
import asyncio
import itertools
import socket
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.support.chromium import PreviewProcess
from tests.support.shots import CHROMIUM, FLAGS, LOCALES
from tests.support.small_png import small_png

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
RUN = "exe_00000000000000l005"
PAGES = {
    "overview": "/",
    "executions": "/executions",
    "models": "/models",
    "mapping": "/mapping",
    "e2e": "/e2e",
    "simulator": "/simulator?turn=exe_000000000000000d99",
    "simulator-new": "/simulator",
    "conversation": "/simulator/chat/exe_000000000000000d99",
    "load": "/simulator/load",
    "load-run": f"/simulator/load/{RUN}",
    "prompts": "/prompts",
    "agents": "/agents",
    "sync": "/sync",
    "logs": "/logs",
    "audit": "/audit",
    "settings": "/settings",
}
SHOWN = (
    "overview",
    "executions",
    "models",
    "mapping",
    "e2e",
    "simulator",
    "load-run",
    "prompts",
    "agents",
    "logs",
)
SIZES = ("1280x800", "1920x1080", "1100x720", "768x1024")
STATES: dict[str, tuple[str, ...]] = {
    "full": ("--gallery",),
    "running": ("--gallery", "--running"),
    "empty": ("--gallery", "--bare"),
    "loading": ("--gallery", "--state", "loading"),
    "error": ("--gallery", "--state", "error"),
    "late": ("--gallery", "--late"),
    "offline": ("--gallery",),
}
AWAY = '.gb-conn[data-state="reconnecting"], .gb-conn[data-state="offline"]'
DRAWN = "[...document.querySelectorAll('.gb-page .gb-skeleton')].every((one) => !one.offsetParent)"
SETTLED_MS = 1200  # charts have drawn, the clock has ticked once


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pictures, and where they go."""

    folder: Path
    pages: tuple[str, ...]
    sizes: tuple[str, ...]
    looks: tuple[tuple[str, str], ...]  # light or dark, and a language
    state: str
    is_plain: bool = False  # names without size and state

    def path(self, page: str, size: str, look: str, language: str) -> Path:
        """Return where one picture goes."""
        between = "" if self.is_plain else f"-{self.state}-{size}"
        return self.folder / f"{page}{between}-{look}-{language}.png"


async def take(wanted: Wanted) -> list[Path]:
    """Return the pictures of one state, each written from a page that has settled."""
    with tempfile.TemporaryDirectory(prefix="screens-") as folder:
        preview = PreviewProcess(_free_port(), Path(folder), *STATES[wanted.state]).start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                made = [
                    await _one(browser, preview.url, wanted, *each)
                    for each in itertools.product(wanted.pages, wanted.sizes, wanted.looks)
                ]
                await browser.close()
                return made
        finally:
            preview.stop()


async def _one(
    browser: Browser, url: str, wanted: Wanted, page_name: str, size: str, kind: tuple[str, str]
) -> Path:
    look, language = kind
    width, height = (int(part) for part in size.split("x"))
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale=LOCALES[language],
        color_scheme="dark" if look == "dark" else "light",
    )
    page = await context.new_page()
    await page.goto(url + PAGES[page_name], wait_until="load")
    await page.wait_for_selector(".gb-frame", timeout=30_000)
    await _settle(page, wanted.state)
    path = wanted.path(page_name, size, look, language)
    picture = await page.screenshot(animations="disabled")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(await small_png(page, picture))
    await context.close()
    return path


async def _settle(page: Page, state: str) -> None:
    if state not in ("loading", "error"):
        await page.wait_for_function(DRAWN)
    if state == "offline":
        await page.context.set_offline(offline=True)
        await page.evaluate("window.socket?.io?.engine?.close()")
        await page.wait_for_selector(AWAY, timeout=60_000)
    await page.wait_for_timeout(SETTLED_MS)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wanted_of(given: argparse.Namespace) -> Iterable[Wanted]:
    """Return what is asked for, one state after the other; without a folder the pictures of the docs."""
    if given.out is None:
        kinds = (("light", "en"), ("dark", "zh"))
        yield Wanted(IMAGES, SHOWN, (SIZES[0],), kinds, "full", is_plain=True)
        return
    looks, languages = given.looks.split(","), given.languages.split(",")
    kinds = tuple(itertools.product(looks, languages))
    pages = tuple(given.pages.split(",")) if given.pages else tuple(PAGES)
    for state in given.states.split(","):
        yield Wanted(Path(given.out), pages, tuple(given.sizes.split(",")), kinds, state)


def main() -> None:
    """Take the pictures that are asked for, one state after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", help="a folder for any of them; without it: those of docs/images")
    parser.add_argument("--pages", default="", help=f"of {', '.join(PAGES)}")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--looks", default="light,dark")
    parser.add_argument("--languages", default="en,zh")
    parser.add_argument("--states", default="full", help=f"of {', '.join(STATES)}")
    for wanted in wanted_of(parser.parse_args()):
        for path in asyncio.run(take(wanted)):
            print(path)


if __name__ == "__main__":
    main()
