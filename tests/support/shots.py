"""Shots: PNG files of a page in sizes, looks and languages: python -m tests.support.shots URL PATH …"""

import argparse
import asyncio
import os
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--disable-default-apps",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    "--disable-features=OptimizationHints,Translate,MediaRouter,AutofillServerCommunication",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
LOCALES = {"zh": "zh-CN", "en": "en-US"}


async def take(
    browser: Browser, url: str, out: Path, *, size: str, look: str, language: str, script: str
) -> list[str]:
    """Write one picture; return what the page complained about."""
    width, height = (int(part) for part in size.split("x"))
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale=LOCALES[language],
        color_scheme="dark" if look == "dark" else "light",
    )
    problems: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None
    )
    await page.goto(url, wait_until="load")
    await _settle(page)
    for step in filter(None, script.split(";")):
        await _step(page, step.strip())
    await page.screenshot(path=str(out))  # makes the folder
    await context.close()
    return problems


async def _settle(page: Page) -> None:
    await page.wait_for_selector(".gb-frame, .gb-page, #app > *", timeout=15_000)
    await page.wait_for_timeout(900)


async def _step(page: Page, step: str) -> None:
    """Do one of: click SELECTOR, key NAME, type TEXT, hover SELECTOR, scroll SELECTOR, wait MS."""
    what, _, rest = step.partition(" ")
    if what == "click":
        await page.locator(rest).first.click()
    elif what == "hover":
        await page.locator(rest).first.hover()
    elif what == "key":
        await page.keyboard.press(rest)
    elif what == "type":
        await page.keyboard.type(rest)
    elif what == "scroll":
        await page.locator(rest).first.scroll_into_view_if_needed()
    elif what == "wait":
        await page.wait_for_timeout(int(rest))
    await page.wait_for_timeout(350)


async def main() -> None:
    """Take every combination that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base", help="http://127.0.0.1:8801")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--sizes", default="1280x800")
    parser.add_argument("--looks", default="light,dark")
    parser.add_argument("--languages", default="zh,en")
    parser.add_argument("--do", default="", help="steps after loading, parted by ;")
    parser.add_argument("--name", default="")
    parser.add_argument("--out", default="/tmp/shots")
    given = parser.parse_args()
    folder = Path(given.out)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in given.paths:
            for size in given.sizes.split(","):
                for look in given.looks.split(","):
                    for language in given.languages.split(","):
                        stem = given.name or path.strip("/").replace("/", "-") or "overview"
                        out = folder / f"{stem}-{size}-{look}-{language}.png"
                        problems = await take(
                            browser,
                            given.base + path,
                            out,
                            size=size,
                            look=look,
                            language=language,
                            script=given.do,
                        )
                        print(out, *problems, sep="\n  ! " if problems else "")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
